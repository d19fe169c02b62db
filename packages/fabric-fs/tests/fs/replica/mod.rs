//! What one member of a pool stores another stores too.

mod behind;
mod chaos;
mod counts;
mod rogues;
mod standby;
mod support;
