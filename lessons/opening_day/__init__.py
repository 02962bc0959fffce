"""The final task: a table of the learner's own, judged by roles instead of names, and attacked.

`roles` says which function plays which part, `making` makes arguments for it, `shop` calls it and knows the rows,
`attack` is the opening day itself. The lesson's checks and the score card use the same attack.
"""
