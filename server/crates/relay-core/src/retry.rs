//! When a recipient is tried again: a pure function of the schedule, the attempts so far and chance.
