//! Gateway to gateway: documents by digest, lease frames, vouchers.
