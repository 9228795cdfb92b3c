use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::wire::{CommandContext, CommandId};

fn command(params: &str) -> Command {
    Command::new(CommandId::new(1), "order", params, CommandContext::Typed)
}

fn of<A: FromArgs>(params: &str) -> Result<A, String> {
    read(&command(params)).map_err(|error| error.to_string())
}

#[test]
fn values_take_their_words() {
    assert_eq!(of::<u32>(" 15 "), Ok(15));
    assert_eq!(of::<(u32, Option<String>)>("15"), Ok((15, None)));
    assert_eq!(
        of::<(u32, Option<String>)>("15 as soon as possible"),
        Ok((15, Some("as soon as possible".into())))
    );
    assert_eq!(of::<(String, u8)>("pizza 2"), Ok(("pizza".into(), 2)));
    assert_eq!(of::<(String, String)>("a b  c"), Ok(("a".into(), "b  c".into())));
    assert_eq!(of::<Vec<i64>>("1 -2 3"), Ok(vec![1, -2, 3]));
    assert_eq!(of::<(u8, Vec<String>)>("1 a b"), Ok((1, vec!["a".into(), "b".into()])));
    assert_eq!(of::<((u8, String), u8)>("1 a 2"), Ok(((1, "a".into()), 2)));
    assert_eq!(of::<f64>("1,5"), Ok(1.5));
    assert_eq!(of::<()>(""), Ok(()));
    assert_eq!(of::<Command>("any thing").map(|command| command.params), Ok("any thing".into()));
}

#[rstest]
#[case("\"two words\" 2", "two words", 2)]
#[case("«два слова» 2", "два слова", 2)]
#[case("“two words” 2", "two words", 2)]
#[case("„zwei Worte“ 2", "zwei Worte", 2)]
#[case("\"\" 2", "", 2)]
#[case("\"a\"b c\" 2", "a\"b c", 2)]
#[case("\"open 2", "", 0)]
fn quotes_hold_words_together(#[case] params: &str, #[case] text: &str, #[case] number: u8) {
    let read = of::<(String, u8)>(params);
    if number == 0 {
        assert_eq!(read, Ok(("\"open".into(), 2)), "a quote that is not closed is a sign like any other");
    } else {
        assert_eq!(read, Ok((text.into(), number)));
    }
}

#[test]
fn quotes_around_the_last_text_are_cut_and_those_inside_stay() {
    assert_eq!(of::<String>("\"all of it\""), Ok("all of it".into()));
    assert_eq!(of::<String>("the \"best\" one"), Ok("the \"best\" one".into()));
    assert_eq!(of::<String>("\"a\" or \"b\""), Ok("\"a\" or \"b\"".into()));
}

#[test]
fn what_cannot_be_read_is_named() {
    assert_eq!(of::<u32>(""), Err("NUMBER is missing".into()));
    assert_eq!(of::<u32>("abc"), Err("`abc` is not NUMBER".into()));
    assert_eq!(of::<u32>("15 16"), Err("`16` is too much".into()));
    assert_eq!(of::<u8>("256"), Err("`256` is not NUMBER".into()));
    assert_eq!(of::<f64>("nan"), Err("`nan` is not NUMBER".into()));
    assert_eq!(of::<String>("  "), Err("TEXT is missing".into()));
    assert_eq!(of::<(u8, String)>("1"), Err("TEXT is missing".into()));
    assert_eq!(of::<Option<u8>>("x"), Err("`x` is not NUMBER".into()));
    assert_eq!(of::<()>("x"), Err("`x` is too much".into()));
    assert_eq!(of::<Vec<()>>("x"), Err("`x` is too much".into()), "and it ends");
}

#[test]
fn usage_is_made_from_the_types() {
    let bad = |usage| BadArgs::new(command("x"), ArgsError::missing("x"), usage).usage;
    assert_eq!(bad(<(u32, Option<String>)>::usage()), "/order NUMBER [TEXT]");
    assert_eq!(bad(Vec::<u32>::usage()), "/order [NUMBER…]");
    assert_eq!(bad(<()>::usage()), "/order");
}

proptest! {
    #[test]
    fn nothing_that_is_typed_breaks_the_reading(params in "[ \"«»“”„a1,\\t\u{a0}\\PC]{0,30}") {
        let _ = of::<(String, Option<u8>, Vec<String>)>(&params);
        let _ = of::<(Vec<f64>, String)>(&params);
        let words = of::<Vec<String>>(&params).unwrap();
        prop_assert_eq!(words.is_empty(), params.trim().is_empty());
    }
}
