//! What follows from a final failure: who is told, by which notification, or why nobody is.
