//! Where devices connect: the embedded broker or an external one, behind one trait.
