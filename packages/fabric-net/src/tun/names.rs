//! Names as addresses: a resolver that asks nobody. The provider resolves them, when it connects.

use super::block::Block;
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Seconds for which an answer is kept by who asked.
const TTL: u32 = 30;

/// Names that were asked for, the last [`Block::NAMES`] of them.
pub(super) struct Names {
    block: Block,
    most: u32,
    numbers: BTreeMap<String, u32>,
    /// By number: the name, and when it was used last.
    used: BTreeMap<u32, (String, u64)>,
    order: BTreeMap<u64, u32>,
    clock: u64,
}

impl Names {
    pub(super) fn new(block: Block) -> Self {
        Self::with(block, Block::NAMES)
    }

    fn with(block: Block, most: u32) -> Self {
        let (numbers, used, order) = Default::default();
        Self { block, most, numbers, used, order, clock: 0 }
    }

    /// The name of an address that was given out.
    pub(super) fn name(&mut self, address: Ipv4Addr) -> Option<String> {
        let number = self.block.number(address)?;
        let name = self.used.get(&number)?.0.clone();
        self.touch(number, &name);
        Some(name)
    }

    /// The address of a name; the one that was not used for longest gives way.
    fn address(&mut self, name: &str) -> Ipv4Addr {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => self.next(),
        };
        self.touch(number, name);
        self.block.of(number)
    }

    fn next(&mut self) -> u32 {
        let given = u32::try_from(self.used.len()).unwrap_or(u32::MAX);
        if given < self.most {
            return given;
        }
        let number = self.order.pop_first().map_or(0, |(_, number)| number);
        if let Some((name, _)) = self.used.remove(&number) {
            self.numbers.remove(&name);
        }
        number
    }

    fn touch(&mut self, number: u32, name: &str) {
        self.clock = self.clock.saturating_add(1);
        if let Some((_, before)) = self.used.insert(number, (name.to_owned(), self.clock)) {
            self.order.remove(&before);
        }
        self.order.insert(self.clock, number);
        self.numbers.insert(name.to_owned(), number);
    }

    /// The answer to a query (RFC 1035): an address for each name, nothing for other types. `None` for what is no query.
    pub(super) fn answer(&mut self, query: &[u8]) -> Option<Vec<u8>> {
        let asked = Packet::parse(query).ok()?;
        if asked.has_flags(PacketFlag::RESPONSE) {
            return None;
        }
        let mut reply = Packet::new_reply(asked.id());
        reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
        if asked.has_flags(PacketFlag::RECURSION_DESIRED) {
            reply.set_flags(PacketFlag::RECURSION_DESIRED);
        }
        // RFC 9619: one question
        if asked.questions.len() != 1 {
            *reply.rcode_mut() = RCODE::FormatError;
        }
        for question in asked.questions.iter().take(1) {
            reply.questions.push(question.clone());
            let name = question.qname.to_string().to_ascii_lowercase();
            let wanted = matches!(question.qtype, QTYPE::TYPE(TYPE::A) | QTYPE::ANY);
            if wanted && (1..=253).contains(&name.len()) {
                let address = A { address: self.address(&name).into() };
                let answer = RData::A(address);
                reply.answers.push(ResourceRecord::new(
                    question.qname.clone(),
                    CLASS::IN,
                    TTL,
                    answer,
                ));
            }
        }
        reply.build_bytes_vec().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use simple_dns::{Name, QCLASS, Question};

    fn block() -> Block {
        Block::free().unwrap()
    }

    fn query(name: &str, kind: TYPE) -> Vec<u8> {
        let mut query = Packet::new_query(7);
        let name = Name::new(name).unwrap();
        query.questions.push(Question::new(name, kind.into(), QCLASS::CLASS(CLASS::IN), false));
        query.build_bytes_vec().unwrap()
    }

    #[test]
    fn a_name_has_one_address_and_other_types_have_none() {
        let mut names = Names::new(block());
        let mut ask = |name: &str, kind| {
            let answer = names.answer(&query(name, kind)).unwrap();
            let answer = Packet::parse(&answer).unwrap();
            assert_eq!(
                (answer.id(), answer.rcode(), answer.questions.len()),
                (7, RCODE::NoError, 1)
            );
            answer
                .answers
                .iter()
                .map(|record| match &record.rdata {
                    RData::A(a) => Ipv4Addr::from(a.address),
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>()
        };
        let first = ask("site.example", TYPE::A);
        assert_eq!(first.len(), 1);
        assert_eq!(ask("SITE.example", TYPE::A), first);
        assert_ne!(ask("other.example", TYPE::A), first);
        assert!(ask("site.example", TYPE::AAAA).is_empty());
        assert_eq!(names.name(first[0]).as_deref(), Some("site.example"));
        assert_eq!(names.name(block().resolver()), None);
    }

    proptest! {
        #[test]
        fn what_was_used_last_keeps_its_address(asked in proptest::collection::vec(0u8..12, 1..60)) {
            let mut names = Names::with(block(), 5);
            for (at, name) in asked.iter().enumerate() {
                let address = names.address(&name.to_string());
                prop_assert_eq!(names.name(address), Some(name.to_string()));
                prop_assert!(names.used.len() <= 5 && names.order.len() == names.used.len());
                // the last five different ones have different addresses, which lead back
                let mut last: Vec<u8> = Vec::new();
                for name in asked[..=at].iter().rev() {
                    if !last.contains(name) && last.len() < 5 {
                        last.push(*name);
                    }
                }
                for name in last {
                    let number = names.numbers.get(&name.to_string());
                    prop_assert!(number.is_some_and(|n| names.used[n].0 == name.to_string()));
                }
            }
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Names::new(block()).answer(&bytes);
        }
    }
}
