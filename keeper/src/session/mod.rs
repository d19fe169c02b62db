//! Serving and using leases: admission, counting, vouchers, risk cap.
