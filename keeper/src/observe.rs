//! Everything that is logged and measured, a function per domain event; nobody else names a metric.
