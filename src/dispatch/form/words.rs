//! What a form says and understands besides its questions, in each language.

/// The words of a form in one language. Of those that are understood the first is also shown; they are compared in any
/// case. Where a text has `{}`, what is meant stands there.
///
/// ```
/// use openlines::dispatch::Words;
///
/// let mut words = Words::english();
/// words.cancel.push("never mind".into());
/// words.cancelled = "All right, another time.".into();
/// # let _ = words;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Words {
    /// Confirms, and answers a question with yes.
    pub yes: Vec<String>,
    /// Answers with no.
    pub no: Vec<String>,
    /// Leads to the question before.
    pub back: Vec<String>,
    /// Leaves an optional question out.
    pub skip: Vec<String>,
    /// Ends the form.
    pub cancel: Vec<String>,
    /// Before the name of what is to be changed: `change phone`.
    pub change: Vec<String>,
    /// Below an optional question; `{}` is the word to skip it.
    pub may_skip: String,
    /// The question cannot be left out.
    pub needed: String,
    /// There is no question before.
    pub first: String,
    /// The client ended the form.
    pub cancelled: String,
    /// The form was open for too long.
    pub timed_out: String,
    /// The form is another one than when it was begun.
    pub changed: String,
    /// What is to be changed in the summary?
    pub which: String,
    /// The answer is none of those to choose from.
    pub choose: String,
    /// The answer fits several; `{}` are those.
    pub ambiguous: String,
    /// In a summary, for what was left out.
    pub left_out: String,
    /// No text was written.
    pub not_text: String,
    /// A text is too long; `{}` is the number of characters.
    pub too_long: String,
    /// It is no number.
    pub not_number: String,
    /// It is no whole number.
    pub not_whole: String,
    /// It is less than `{}`.
    pub too_small: String,
    /// It is more than `{}`.
    pub too_large: String,
    /// It is no phone number.
    pub not_phone: String,
    /// It is no e-mail address.
    pub not_email: String,
    /// It is no date.
    pub not_date: String,
    /// There is no file.
    pub not_file: String,
}

fn words(of: &[&str]) -> Vec<String> {
    of.iter().map(|word| (*word).to_owned()).collect()
}

impl Words {
    /// In English.
    pub fn english() -> Self {
        Self {
            yes: words(&["Yes", "y", "ok", "right", "correct"]),
            no: words(&["No", "n", "wrong"]),
            back: words(&["back"]),
            skip: words(&["skip"]),
            cancel: words(&["Cancel"]),
            change: words(&["Change", "edit"]),
            may_skip: "You may leave this out: write “{}”.".into(),
            needed: "This one is needed.".into(),
            first: "This is the first question.".into(),
            cancelled: "Cancelled.".into(),
            timed_out: "We did not hear from you, so this is cancelled. You can begin again at any time."
                .into(),
            changed: "Our questions have changed meanwhile.".into(),
            which: "What should be changed?".into(),
            choose: "Please choose one of these.".into(),
            ambiguous: "That may be {}. Which one?".into(),
            left_out: "–".into(),
            not_text: "Please answer in words.".into(),
            too_long: "This is too long: at most {} characters, please.".into(),
            not_number: "Please write a number.".into(),
            not_whole: "Please write a whole number.".into(),
            too_small: "It has to be {} or more.".into(),
            too_large: "It has to be {} or less.".into(),
            not_phone: "This does not look like a phone number. Please write it like +1 555 010 0200.".into(),
            not_email: "This does not look like an e-mail address.".into(),
            not_date: "Please write a date like 2026-12-31 or 31.12.2026.".into(),
            not_file: "Please send a file.".into(),
        }
    }

    /// In Russian.
    pub fn russian() -> Self {
        Self {
            yes: words(&["Да", "ага", "верно", "ок", "всё верно", "yes"]),
            no: words(&["Нет", "неверно", "no"]),
            back: words(&["назад"]),
            skip: words(&["пропустить", "пропуск"]),
            cancel: words(&["Отмена", "отменить"]),
            change: words(&["Изменить", "исправить", "поменять"]),
            may_skip: "Можно не отвечать: напишите «{}».".into(),
            needed: "На этот вопрос нужен ответ.".into(),
            first: "Это первый вопрос.".into(),
            cancelled: "Отменено.".into(),
            timed_out: "Мы не дождались ответа и всё отменили. Можно начать снова в любое время.".into(),
            changed: "Наши вопросы тем временем изменились.".into(),
            which: "Что изменить?".into(),
            choose: "Пожалуйста, выберите один из вариантов.".into(),
            ambiguous: "Подходит {}. Что именно?".into(),
            left_out: "–".into(),
            not_text: "Пожалуйста, ответьте словами.".into(),
            too_long: "Слишком длинно: не больше {} знаков, пожалуйста.".into(),
            not_number: "Пожалуйста, напишите число.".into(),
            not_whole: "Пожалуйста, напишите целое число.".into(),
            too_small: "Нужно {} или больше.".into(),
            too_large: "Нужно {} или меньше.".into(),
            not_phone: "Это не похоже на номер телефона. Напишите его так: +7 999 123-45-67.".into(),
            not_email: "Это не похоже на адрес электронной почты.".into(),
            not_date: "Пожалуйста, напишите дату так: 31.12.2026.".into(),
            not_file: "Пожалуйста, пришлите файл.".into(),
        }
    }

    /// Those of a language that comes with the framework; English, if it does not.
    pub(super) fn of(language: &str) -> Self {
        if language.eq_ignore_ascii_case("ru") { Self::russian() } else { Self::english() }
    }
}

pub(super) fn shown(words: &[String]) -> &str {
    words.first().map_or("", String::as_str)
}

/// `text` with `what` in its place.
pub(super) fn filled(text: &str, what: impl std::fmt::Display) -> String {
    text.replacen("{}", &what.to_string(), 1)
}
