//! Builds a layout and, beside it, the table that the vector publishes: each field in the order of the
//! bytes with its width and value. The table makes the bytes a second time, without the code under test.
use serde_json::{Value, json};

/// What fields hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Bytes that all differ, so that no two fields can change places unseen.
    Typical,
    /// Zero, or the least there is.
    Least,
    /// The greatest there is.
    Greatest,
}

pub(crate) struct Field {
    name: &'static str,
    form: &'static str,
    bytes: Vec<u8>,
}

pub(crate) struct Fill {
    case: Case,
    next: u8,
    pub(crate) fields: Vec<Field>,
}

impl Fill {
    pub(crate) fn new(case: Case) -> Self {
        Self { case, next: 1, fields: Vec::new() }
    }

    fn raw<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| match self.case {
            Case::Typical => {
                self.next += 1;
                self.next
            }
            Case::Least => 0,
            Case::Greatest => 0xff,
        })
    }

    fn put(&mut self, name: &'static str, form: &'static str, bytes: &[u8]) {
        self.fields.push(Field { name, form, bytes: bytes.to_vec() });
    }

    pub(crate) fn bytes<const N: usize>(&mut self, name: &'static str) -> [u8; N] {
        let value = self.raw();
        self.put(name, "bytes", &value);
        value
    }

    pub(crate) fn given(&mut self, name: &'static str, value: &[u8]) {
        self.put(name, "bytes", value);
    }

    pub(crate) fn zero(&mut self, length: usize) {
        self.put("padding", "zero", &vec![0; length]);
    }

    pub(crate) fn u8(&mut self, name: &'static str) -> u8 {
        let [typical, least, greatest] = [self.next + 1, 0, u8::MAX];
        self.next += 1;
        self.u8_of(name, [typical, least, greatest])
    }

    /// One of three values, by the case.
    pub(crate) fn u8_of(&mut self, name: &'static str, by_case: [u8; 3]) -> u8 {
        let value = by_case[self.case as usize];
        self.put(name, "unsigned", &[value]);
        value
    }

    pub(crate) fn u16(&mut self, name: &'static str) -> u16 {
        let value = u16::from_be_bytes(self.raw());
        self.put(name, "unsigned", &value.to_be_bytes());
        value
    }

    pub(crate) fn u32(&mut self, name: &'static str) -> u32 {
        let value = u32::from_be_bytes(self.raw());
        self.put(name, "unsigned", &value.to_be_bytes());
        value
    }

    pub(crate) fn u64(&mut self, name: &'static str) -> u64 {
        let value = u64::from_be_bytes(self.raw());
        self.put(name, "unsigned", &value.to_be_bytes());
        value
    }

    pub(crate) fn u128(&mut self, name: &'static str) -> u128 {
        let value = u128::from_be_bytes(self.raw());
        self.put(name, "unsigned", &value.to_be_bytes());
        value
    }

    /// A number of the layout that the case does not choose.
    pub(crate) fn number(&mut self, name: &'static str, value: u128, length: usize) {
        self.put(name, "unsigned", &value.to_be_bytes()[16 - length..]);
    }

    pub(crate) fn case(&self) -> Case {
        self.case
    }
}

pub(crate) fn joined(fields: &[Field]) -> Vec<u8> {
    fields.iter().flat_map(|field| field.bytes.clone()).collect()
}

/// Name, offset, length and form of each field.
pub(crate) fn table(fields: &[Field]) -> Value {
    let mut offset = 0;
    let row = |field: &Field| {
        let length = field.bytes.len();
        let row =
            json!({"name": field.name, "offset": offset, "length": length, "form": field.form});
        offset += length;
        row
    };
    fields.iter().map(row).collect()
}

/// Value of each field but padding: numbers as decimal text, bytes as hex.
pub(crate) fn values(fields: &[Field]) -> Value {
    let value = |field: &Field| match field.form {
        "unsigned" => {
            let sum = field.bytes.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
            json!(sum.to_string())
        }
        "ascii" => json!(String::from_utf8(field.bytes.clone()).unwrap().trim_end_matches('\0')),
        _ => json!(hex::encode(&field.bytes)),
    };
    fields
        .iter()
        .filter(|field| field.form != "zero")
        .map(|field| (field.name.to_owned(), value(field)))
        .collect()
}

pub(crate) fn opening(tag: &str, domain: [u8; 32]) -> Vec<Field> {
    let mut bytes = tag.as_bytes().to_vec();
    bytes.resize(16, 0);
    vec![
        Field { name: "tag", form: "ascii", bytes },
        Field { name: "domain", form: "bytes", bytes: domain.to_vec() },
    ]
}
