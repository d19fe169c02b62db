//! What is durable already, and what is on its way to the disk.

use crate::Ticket;

/// A value of which at most two newer versions are on their way. The first of them stays what it is
/// until it has landed, so that a steady stream of writes cannot keep it in the air for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight<T> {
    landed: T,
    first: Option<(Ticket, T)>,
    last: Option<(Ticket, T)>,
}

impl<T: Copy> Flight<T> {
    pub(crate) const fn new(landed: T) -> Self {
        Self { landed, first: None, last: None }
    }

    /// A write of `value` was handed over under `ticket`.
    pub(crate) const fn start(&mut self, ticket: Ticket, value: T) {
        match self.first {
            None => self.first = Some((ticket, value)),
            Some(_) => self.last = Some((ticket, value)),
        }
    }

    /// Everything up to `synced` is durable.
    pub(crate) fn land(&mut self, synced: Ticket) {
        for _ in 0..2 {
            if let Some((ticket, value)) = self.first
                && ticket <= synced
            {
                self.landed = value;
                self.first = self.last.take();
            }
        }
    }

    /// The versions that a crash at this moment could leave.
    pub(crate) fn possible(&self) -> impl Iterator<Item = T> {
        let flying = [self.first, self.last].into_iter().flatten();
        std::iter::once(self.landed).chain(flying.map(|(_, value)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_of_writes_still_lands() {
        let mut flight = Flight::new(0);
        for value in 1..=10 {
            flight.start(value, value);
        }
        flight.land(9);
        assert_eq!(flight.possible().collect::<Vec<_>>(), [1, 10]);
        flight.land(10);
        assert_eq!(flight.possible().collect::<Vec<_>>(), [10]);
    }
}
