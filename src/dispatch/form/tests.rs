use proptest::prelude::Strategy as _;
use rstest::rstest;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    flow::Led,
    open::At,
    read::{Sent, date, is_email, number, phone},
    *,
};
use crate::{
    message::{Capabilities, Menu},
    wire::Timestamp,
};

#[derive(Debug, PartialEq, Deserialize)]
struct Lead {
    name: String,
    phone: Option<String>,
    need: Need,
    guests: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Need {
    Repair,
    Spares,
}

fn needs() -> Menu<Need> {
    Menu::new("What is it about?").item(Need::Repair, "A repair").item(Need::Spares, "Spare parts")
}

fn lead() -> Form<Lead> {
    Form::new("lead")
        .ask(Field::text("name", "What is your name?").longest(10))
        .ask(Field::phone("phone", "Your phone?").optional())
        .ask(Field::choice("need", needs()))
        .ask(Field::integer("guests", "How many?").at_least(1).at_most(20).optional())
        .summary("Is this right?")
}

/// One side of a talk: what the form says to each text.
struct Talk {
    form: Definition,
    open: Open,
}

impl Talk {
    fn of(form: Form<Lead>) -> Self {
        let form = form.into_definition();
        let open = form.begin("en", None, Timestamp::from_seconds(1));
        Self { form, open }
    }

    fn says(&mut self, text: &str) -> Led {
        self.form.hear(&mut self.open, Sent::Message { text, files: &[] })
    }

    /// What the form says to this.
    fn hears(&mut self, text: &str) -> String {
        let Led::On(remark) = self.says(text) else { panic!("`{text}` ended the form") };
        self.form.asks(&self.open, remark.as_deref(), Capabilities::TEXT).text.replace('\u{2060}', "")
    }

    fn all(&mut self, texts: &[&str]) -> Led {
        texts.iter().map(|text| self.says(text)).last().unwrap()
    }

    fn made(&self) -> Lead {
        serde_json::from_value(Value::Object(self.open.values())).unwrap()
    }
}

#[test]
fn questions_follow_one_another_to_the_summary_and_its_confirmation() {
    let mut talk = Talk::of(lead());
    assert_eq!(talk.hears(" Ann "), "Your phone?\nYou may leave this out: write “skip”.");
    assert_eq!(talk.hears("+1 (555) 010-0200"), "What is it about?\n1. A repair\n2. Spare parts");
    assert_eq!(talk.hears("spare"), "How many?\nYou may leave this out: write “skip”.");
    let summary = "Name: Ann\nPhone: +15550100200\nNeed: Spare parts\nGuests: –\nIs this right?\n\
                   1. Yes\n2. Change: Name\n3. Change: Phone\n4. Change: Need\n5. Change: Guests\n6. Cancel";
    assert_eq!(talk.hears("Skip."), summary);
    assert_eq!(talk.says("ok"), Led::Confirmed);
    let made =
        Lead { name: "Ann".into(), phone: Some("+15550100200".into()), need: Need::Spares, guests: None };
    assert_eq!(talk.made(), made);
}

#[test]
fn an_answer_that_is_not_understood_is_asked_for_again() {
    let mut talk = Talk::of(lead());
    assert_eq!(
        talk.hears("Maximilian Alexander"),
        "This is too long: at most 10 characters, please.\nWhat is your name?"
    );
    assert_eq!(talk.hears(""), "Please answer in words.\nWhat is your name?");
    assert_eq!(talk.hears("skip"), "This one is needed.\nWhat is your name?");
    talk.hears("Ann");
    assert!(talk.hears("soon").starts_with("This does not look like a phone number."));
    talk.hears("skip");
    assert!(talk.hears("3").starts_with("Please choose one of these.\nWhat is it about?\n1."));
    talk.hears("1");
    assert!(talk.hears("2.5").starts_with("Please write a whole number.\nHow many?"));
    assert!(talk.hears("0").starts_with("It has to be 1 or more."));
    assert!(talk.hears("21").starts_with("It has to be 20 or less."));
    assert_eq!(talk.all(&["20", "1"]), Led::Confirmed);
    assert_eq!(talk.made().guests, Some(20));
}

#[test]
fn the_client_may_go_back_and_cancel() {
    let mut talk = Talk::of(lead());
    assert_eq!(talk.hears("back"), "This is the first question.\nWhat is your name?");
    talk.all(&["Ann", "skip"]);
    assert!(talk.hears("Back").starts_with("Your phone?"));
    assert!(talk.hears("BACK!").starts_with("What is your name?"));
    assert!(talk.hears("Eve").starts_with("What is it about?"), "the phone was answered already");
    assert_eq!(talk.says("cancel"), Led::Cancelled);
    let mut talk = Talk::of(lead());
    talk.all(&["Ann", "skip", "1", "skip"]);
    assert!(talk.hears("back").starts_with("How many?"));
    assert_eq!(talk.says("Cancel."), Led::Cancelled);
}

#[rstest]
#[case::by_words("change the phone")]
#[case::by_number("3")]
#[case::by_label("Phone")]
#[case::by_its_line("Change: Phone")]
fn in_the_summary_one_answer_is_changed_and_the_rest_stays(#[case] wish: &str) {
    let mut talk = Talk::of(lead());
    talk.all(&["Ann", "skip", "1", "2"]);
    assert!(talk.hears(wish).starts_with("Your phone?"), "{wish}");
    assert!(
        talk.hears("555-010-0200").starts_with("Name: Ann\nPhone: 5550100200\nNeed: A repair\nGuests: 2\n")
    );
    assert!(talk.hears(wish).starts_with("Your phone?"));
    assert!(talk.hears("back").starts_with("Name: Ann\nPhone: 5550100200\n"), "back to the summary");
    assert!(talk.hears("no").starts_with("What should be changed?\nName: Ann"));
    assert!(talk.hears("change something").starts_with("What should be changed?"));
    assert!(talk.hears("what?").starts_with("Please choose one of these."));
    assert_eq!(talk.says("6"), Led::Cancelled);
}

#[test]
fn a_form_speaks_the_language_of_the_event_and_your_own() {
    let mut talk = Talk::of(lead());
    talk.open.language = "ru".into();
    assert_eq!(talk.hears("Анна"), "Your phone?\nМожно не отвечать: напишите «пропустить».");
    talk.hears("8 (999) 123-45-67");
    assert_eq!(talk.open.values()["phone"], "+79991234567");
    talk.all(&["1", "пропустить"]);
    assert!(talk.hears("Исправить имя").starts_with("Что изменить?"), "its label is `Name`");
    assert_eq!(talk.says("Всё верно!"), Led::Confirmed);
    let mut german = Words::english();
    german.cancel = vec!["Abbrechen".into()];
    let mut talk = Talk::of(lead().words("de", german));
    talk.open.language = "DE".into();
    assert_eq!(talk.says("abbrechen"), Led::Cancelled);
}

fn changed() -> Form<Lead> {
    Form::new("lead")
        .ask(Field::text("name", "Your full name?").longest(3))
        .ask(Field::choice("need", needs().item(Need::Repair, "Again")))
        .ask(Field::email("mail", "Your e-mail?"))
        .ask(Field::integer("guests", "How many?"))
}

#[test]
fn a_changed_form_keeps_what_still_fits_and_asks_for_the_rest() {
    let mut talk = Talk::of(lead());
    talk.all(&["Ann", "5550100200", "2"]);
    let mut open = talk.open.clone();
    assert!(!lead().definition().reopen(&mut open), "the same form is no other");
    assert_eq!(open, talk.open);
    let form = changed().into_definition();
    assert!(!form.reopen(&mut open), "the question that waits is still there");
    assert_eq!(open.at, At::Field("guests".into()));
    assert_eq!(open.values().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["name", "need"]);

    talk.all(&["skip"]);
    assert_eq!(talk.open.at, At::Summary);
    let mut open = talk.open.clone();
    open.answers.get_mut("name").unwrap().said = "Maximilian".into();
    assert!(form.reopen(&mut open), "there is no summary any more");
    assert_eq!(open.at, At::Field("name".into()));
    assert_eq!(
        open.values(),
        *json!({"need": "Spares"}).as_object().unwrap(),
        "null is no answer to what is needed"
    );
}

#[test]
fn a_new_version_reads_the_answers_again_by_its_own_checks() {
    let own = |strict: bool, version| {
        let check = move |text: &str| if strict { Err("No".to_owned()) } else { Ok(text.to_uppercase()) };
        Form::<Lead>::new("lead")
            .version(version)
            .ask(Field::checked("name", "Name?", check))
            .ask(Field::date("day", "Day?"))
    };
    let mut talk = Talk::of(own(false, 1));
    talk.says("ann");
    assert_eq!(talk.open.values()["name"], "ANN");
    let mut open = talk.open.clone();
    assert!(!own(true, 1).definition().reopen(&mut open), "what a check does cannot be seen");
    assert!(!own(true, 2).definition().reopen(&mut open));
    assert_eq!((open.values().len(), open.at), (0, At::Field("day".into())));
}

#[rstest]
#[case::of_no_question(Form::new("f"), "has no questions")]
#[case::of_two_names(Form::new("f").ask(Field::text("a", "A?")).ask(Field::text("a", "B?")), "another of this name")]
#[case::of_a_blank_question(Form::new("f").ask(Field::text("a", " ")), "blank")]
#[case::of_a_wrong_limit(Form::new("f").ask(Field::text("a", "A?").at_most(3)), "`at_most` is for numbers")]
#[case::of_a_menu_without_items(Form::new("f").ask(Field::choice("a", Menu::<u8>::new("A?"))), "MENU")]
#[case::without_an_answer(Form::new("f").ask(Field::text("a", "A?")), "field `a` needs an answer")]
#[case::of_another_type(lead_without_need(), "do not make the type: missing field `need`")]
fn a_form_that_cannot_work_is_told_by_its_test(#[case] form: Form<Lead>, #[case] why: &str) {
    let name = if form.definition.field("name").is_some() { &[("name", "Ann")][..] } else { &[] };
    let wrong = guard::fill_in(&form, name).unwrap_err();
    assert!(wrong.contains(why), "{wrong}");
}

fn lead_without_need() -> Form<Lead> {
    Form::new("f").ask(Field::text("name", "Name?"))
}

#[test]
fn an_optional_field_has_to_be_an_option_of_the_type() {
    let form = Form::<Lead>::new("f")
        .ask(Field::text("name", "Name?").optional())
        .ask(Field::choice("need", needs()));
    let wrong = guard::fill_in(&form, &[("name", "Ann"), ("need", "1")]).unwrap_err();
    assert!(wrong.contains("with what is optional left out"), "{wrong}");
    let wrong = guard::fill_in(&lead(), &[("name", "Ann"), ("need", "7")]).unwrap_err();
    assert!(wrong.contains("`7` is no answer to `need`: Please choose"), "{wrong}");
    let wrong = guard::fill_in(&lead(), &[("nmae", "Ann")]).unwrap_err();
    assert!(wrong.contains("it has no field `nmae`"), "{wrong}");
}

#[rstest]
#[case("1 500", Some(1500.0))]
#[case("2,5", Some(2.5))]
#[case("-3", Some(-3.0))]
#[case("1.000,5", None)]
#[case("NaN", None)]
#[case("inf", None)]
#[case("1e400", None)]
#[case("five", None)]
fn numbers_are_read_as_people_write_them(#[case] text: &str, #[case] wanted: Option<f64>) {
    assert_eq!(number(text), wanted);
}

#[rstest]
#[case("+7 999 123-45-67", "en", Some("+79991234567"))]
#[case("8 (999) 123-45-67", "ru", Some("+79991234567"))]
#[case("8 (999) 123-45-67", "en", Some("89991234567"))]
#[case("0049 30 123456", "en", Some("+4930123456"))]
#[case("123-45", "en", None)]
#[case("call 5550100200", "en", None)]
#[case("1234567890123456", "en", None)]
#[case("+", "en", None)]
fn phones_are_digits(#[case] text: &str, #[case] language: &str, #[case] wanted: Option<&str>) {
    assert_eq!(phone(text, language).as_deref(), wanted);
}

#[rstest]
#[case("ann@shop.example", true)]
#[case("анна@почта.рф", true)]
#[case("ann.b+c@a-b.example", true)]
#[case("ann@shop", false)]
#[case("@shop.example", false)]
#[case("ann@.example", false)]
#[case("ann@-shop.example", false)]
#[case("ann b@shop.example", false)]
#[case("a@b@shop.example", false)]
fn an_address_has_a_host_with_a_dot(#[case] text: &str, #[case] wanted: bool) {
    assert_eq!(is_email(text), wanted);
}

#[rstest]
#[case("2026-12-31", Some("2026-12-31"))]
#[case("31.12.2026", Some("2026-12-31"))]
#[case("1/2/26", Some("2026-02-01"))]
#[case("29.02.2028", Some("2028-02-29"))]
#[case("29.02.2026", None)]
#[case("31.12", None)]
#[case("1.2.3.4", None)]
#[case("tomorrow", None)]
fn dates_have_their_day_first(#[case] text: &str, #[case] wanted: Option<&str>) {
    assert_eq!(date(text).as_deref(), wanted);
}

proptest::proptest! {
    #[test]
    fn whatever_the_client_writes_the_form_goes_on_and_can_be_left(
        texts in proptest::collection::vec(proptest::prop_oneof![
            "\\PC{0,12}",
            proptest::sample::select(vec!["back", "skip", "no", "yes", "1", "2", "change the name", "Ann"])
                .prop_map(str::to_owned),
        ], 0..20)
    ) {
        use proptest::prelude::*;
        let mut talk = Talk::of(lead());
        for text in &texts {
            if talk.says(text) != Led::On(None) && talk.open.at == At::Summary {
                continue;
            }
            let said = talk.form.asks(&talk.open, None, Capabilities::TEXT).text;
            prop_assert!(!said.trim().is_empty());
            let kept: Open = serde_json::from_value(serde_json::to_value(&talk.open).unwrap()).unwrap();
            prop_assert_eq!(&kept, &talk.open);
        }
        prop_assert_eq!(talk.says("cancel"), Led::Cancelled);
    }
}
