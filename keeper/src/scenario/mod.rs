//! The end-to-end story that demo and tests tell, on any chain.
