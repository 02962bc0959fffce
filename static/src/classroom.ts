/** The pages of a class section: the table stays live. */
import "./classroom/class-grid.ts";
