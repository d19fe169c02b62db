//! An image unit behind a hardware lease: resize, blur, edges, a simple classifier.
