//! Series that a keeper issues for its device, and lots that another uses.

mod life;
mod stand;
