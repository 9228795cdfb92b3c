//! The values that every command can take.

use super::{Args, ArgsError, FromArgs};
use crate::wire::Command;

impl FromArgs for Command {
    fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
        args.rest();
        Ok(args.command().clone())
    }
}

impl FromArgs for String {
    fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
        if args.is_empty() {
            return Err(ArgsError::missing("TEXT"));
        }
        let text = if args.is_last() { args.rest() } else { args.word().unwrap_or_default() };
        Ok(text.to_owned())
    }

    fn usage() -> String {
        "TEXT".to_owned()
    }
}

macro_rules! numbers {
    ($($kind:ty),+) => {$(
        impl FromArgs for $kind {
            fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
                args.parse("NUMBER")
            }

            fn usage() -> String {
                "NUMBER".to_owned()
            }
        }
    )+};
}

numbers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

macro_rules! fractions {
    ($($kind:ty),+) => {$(
        /// With a point or a comma; `nan` and `inf` are no numbers here.
        impl FromArgs for $kind {
            fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
                let word = args.word().ok_or_else(|| ArgsError::missing("NUMBER"))?;
                let number = word.replacen(',', ".", 1).parse::<$kind>().ok();
                number.filter(|number| number.is_finite()).ok_or_else(|| ArgsError::wrong(word, "NUMBER"))
            }

            fn usage() -> String {
                "NUMBER".to_owned()
            }
        }
    )+};
}

fractions!(f32, f64);

/// Nothing left is `None`; what is left must be one.
impl<T: FromArgs> FromArgs for Option<T> {
    fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
        if args.is_empty() { Ok(None) } else { T::from_args(args).map(Some) }
    }

    fn usage() -> String {
        format!("[{}]", T::usage())
    }
}

/// As many as there are, none of which takes all that is left.
impl<T: FromArgs> FromArgs for Vec<T> {
    fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
        let mut values = Self::new();
        while !args.is_empty() {
            let before = args.left.len();
            values.push(args.part(false)?);
            if args.left.len() == before {
                break;
            }
        }
        Ok(values)
    }

    fn usage() -> String {
        format!("[{}…]", T::usage())
    }
}

impl FromArgs for () {
    fn from_args(_: &mut Args<'_>) -> Result<Self, ArgsError> {
        Ok(())
    }

    fn usage() -> String {
        String::new()
    }
}

macro_rules! tuples {
    ($($($first:ident)* | $last:ident;)+) => {$(
        impl<$($first: FromArgs,)* $last: FromArgs> FromArgs for ($($first,)* $last,) {
            fn from_args(args: &mut Args<'_>) -> Result<Self, ArgsError> {
                Ok(($(args.part::<$first>(false)?,)* args.part::<$last>(true)?,))
            }

            fn usage() -> String {
                [$($first::usage(),)* $last::usage()].join(" ")
            }
        }
    )+};
}

tuples! {
    | A;
    A | B;
    A B | C;
    A B C | D;
    A B C D | E;
    A B C D E | F;
}
