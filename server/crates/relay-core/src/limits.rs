//! Counting accepted recipients and judging limits: per minute for limits, per hour for charts.
