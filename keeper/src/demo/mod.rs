//! `caplet demo`: the whole path on embedded defaults, live view and closing report.
