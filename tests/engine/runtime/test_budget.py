"""What counts as the time of a function: its own code, not its operations, its calls, or a busy machine."""

from __future__ import annotations

import pytest

from sandbox.engine.runtime import budget as budget_module
from sandbox.engine.runtime.budget import EXTENSIONS_MAX, OPERATION_SECONDS, OPERATIONS_EXCUSED_MAX, Budget


class Processor:
    """The processor time of the one process there is."""

    seconds = 5.0


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    processor = Processor()
    monkeypatch.setattr(budget_module, "cpu_seconds", lambda pid: processor.seconds)
    return processor


@pytest.fixture
def budget(processor: Processor) -> Budget:
    budget = Budget(1, 10.0, 1.0)
    budget.begin()
    return budget


def test_a_function_that_had_the_processor_has_had_its_time(budget: Budget, processor: Processor):
    budget.spend(1.0)
    processor.seconds += 0.9
    assert not budget.extend()


def test_a_function_that_hardly_ran_goes_on_a_few_times(budget: Budget, processor: Processor):
    for _ in range(EXTENSIONS_MAX):
        budget.spend(1.0)
        processor.seconds += 0.1
        assert budget.extend()
    assert budget.left == pytest.approx(1.0 - 0.1 * EXTENSIONS_MAX)
    assert not budget.extend()


def test_what_the_calls_of_a_function_spend_is_not_its_own(budget: Budget, processor: Processor):
    for _ in range(500):
        budget.spend(0.002)
        budget.pause()
        processor.seconds += 0.02
        budget.resume()
    assert budget.extend()
    assert budget.left == pytest.approx(1.0)


def test_bringing_operations_to_the_host_is_excused_up_to_a_second(budget: Budget, processor: Processor):
    for _ in range(8_000):
        budget.excuse_operation()
    budget.spend(1.0)
    processor.seconds += 1.0
    assert budget.left == pytest.approx(8_000 * OPERATION_SECONDS)
    assert budget.extend()
    for _ in range(100_000):
        budget.excuse_operation()
    processor.seconds += OPERATIONS_EXCUSED_MAX * OPERATION_SECONDS
    assert not budget.extend()


def test_a_process_that_is_gone_gets_no_more_time(budget: Budget, processor: Processor):
    budget.pause()
    processor.seconds = float("inf")
    budget.resume()
    budget.spend(1.0)
    assert not budget.extend()
