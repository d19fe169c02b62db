//! The one helper that bounds a list query.

use caplet_api::common::{DEFAULT_LIMIT, MAX_LIMIT};

/// How many items a list query returns: what was asked, at most 100, 30 by default.
#[must_use]
pub fn limit(asked: Option<u32>) -> usize {
    usize::try_from(asked.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::limit;

    #[test]
    fn a_list_is_never_longer_than_the_most_and_never_longer_than_asked() {
        assert_eq!(limit(None), 30);
        assert_eq!(limit(Some(7)), 7);
        assert_eq!(limit(Some(u32::MAX)), 100);
        assert_eq!(limit(Some(0)), 0);
    }
}
