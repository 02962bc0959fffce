/** The page of the index laboratory: its elements. */
import "./laboratory/lab-chart.ts";
import "./laboratory/index-laboratory.ts";
