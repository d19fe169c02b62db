//! Exponential decay in fixed point.

use core::num::NonZeroU32;

/// 1 as a 64.64 number.
const ONE: u128 = 1 << 64;

/// 2^(-2^-i) for i = 1..=32 as 0.64 numbers, rounded down: each is the square root of the one before,
/// the first of one half (checked below).
const ROOTS: [u64; 32] = [
    0xB504_F333_F9DE_6484,
    0xD744_FCCA_D69D_6AF4,
    0xEAC0_C6E7_DD24_392E,
    0xF525_7D15_2486_CC2C,
    0xFA83_B2DB_722A_033A,
    0xFD3E_0C0C_F486_C174,
    0xFE9E_115C_7B8F_884B,
    0xFF4E_CB59_511E_C8A5,
    0xFFA7_5652_1C8D_AED1,
    0xFFD3_A751_C0F7_E10B,
    0xFFE9_D2B2_F7DB_2755,
    0xFFF4_E91B_FF1B_8C3D,
    0xFFFA_747E_A004_0664,
    0xFFFD_3A3B_7814_EB53,
    0xFFFE_9D1C_C60D_DAB1,
    0xFFFF_4E8E_2587_9BFA,
    0xFFFF_A747_0363_F451,
    0xFFFF_D3A3_7DDA_0313,
    0xFFFF_E9D1_BDF7_03AE,
    0xFFFF_F4E8_DEBE_025E,
    0xFFFF_FA74_6F4F_A150,
    0xFFFF_FD3A_37A3_F8B0,
    0xFFFF_FE9D_1BD1_065A,
    0xFFFF_FF4E_8DE8_45AD,
    0xFFFF_FFA7_46F4_1376,
    0xFFFF_FFD3_A37A_05E3,
    0xFFFF_FFE9_D1BD_01FB,
    0xFFFF_FFF4_E8DE_80C0,
    0xFFFF_FFFA_746F_4050,
    0xFFFF_FFFD_3A37_A024,
    0xFFFF_FFFE_9D1B_D011,
    0xFFFF_FFFF_4E8D_E808,
];

/// f = 2^(-dt / half life), 0..=1, rounded down to 64 bits; the exponent's fraction is cut to 32 bits,
/// which is an error under 2 in 10^10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor(u128);

impl Factor {
    /// What is left after `seconds`.
    #[must_use]
    pub fn after(seconds: u64, half_life_secs: NonZeroU32) -> Self {
        let half_life = u64::from(half_life_secs.get());
        let (halvings, rest) = (seconds / half_life, seconds % half_life);
        let Ok(shift @ 0..64) = u32::try_from(halvings) else { return Self(0) };
        // rest < half_life < 2^32, so both fit
        let fraction = rest.saturating_mul(1 << 32) / half_life;
        let mut factor = ONE;
        for (i, root) in ROOTS.iter().enumerate() {
            if fraction & (1u64 << 31 >> i) != 0 {
                // at most 2^64 * (2^64 - 1)
                factor = factor.saturating_mul(u128::from(*root)) >> 64;
            }
        }
        Self(factor >> shift)
    }

    /// What is left of `value`, rounded down.
    #[must_use]
    pub fn of(self, value: u128) -> u128 {
        if self.0 == ONE {
            return value;
        }
        // below 1 the factor has 64 bits, so neither product overflows and the sum is below `value`
        let (high, low) = (value >> 64, value & (ONE - 1));
        high.saturating_mul(self.0).saturating_add(low.saturating_mul(self.0) >> 64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // bounded by the strategies
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 86_400;
    const MONTH: NonZeroU32 = NonZeroU32::new(30 * 86_400).unwrap();

    #[test]
    fn the_table_is_a_chain_of_square_roots_of_one_half() {
        let square = |root: u64| (u128::from(root) * u128::from(root)) >> 64;
        let mut wanted = ONE / 2;
        for root in ROOTS {
            assert!(wanted.abs_diff(square(root)) <= 2, "{root:x}");
            wanted = u128::from(root);
        }
    }

    #[test]
    fn half_is_left_after_a_half_life_and_nothing_after_sixty_four() {
        let left = |days: u64| Factor::after(days * DAY, MONTH).of(1_000_000);
        assert_eq!([left(0), left(30), left(60), left(30 * 64)], [1_000_000, 500_000, 250_000, 0]);
        assert_eq!(left(15), 707_106); // 1 / sqrt 2
        assert_eq!(Factor::after(u64::MAX, NonZeroU32::MIN).of(u128::MAX), 0);
    }

    proptest! {
        #[test]
        fn decay_composes_within_rounding(a in 0u64..400 * DAY, b in 0u64..400 * DAY, half in 1u32..) {
            let half = NonZeroU32::new(half).unwrap();
            let whole = 1u128 << 60;
            let once = Factor::after(a + b, half).of(whole);
            let twice = Factor::after(b, half).of(Factor::after(a, half).of(whole));
            // each factor is cut by less than 2^-32 of a halving
            prop_assert!(once.abs_diff(twice) <= whole >> 31, "{once} {twice}");
        }

        #[test]
        fn nothing_grows_and_longer_leaves_less(value: u128, a: u64, more: u64, half in 1u32..) {
            let half = NonZeroU32::new(half).unwrap();
            let (sooner, later) = (Factor::after(a, half), Factor::after(a.saturating_add(more), half));
            prop_assert!(later <= sooner);
            prop_assert!(later.of(value) <= sooner.of(value) && sooner.of(value) <= value);
        }
    }
}
