/** The workspace page: every element that lives on it, and what connects them to the server. */
