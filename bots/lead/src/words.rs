//! What the bot says, in the language of the portal's site; what its forms say between the questions, the framework does.

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) language: &'static str,
    pub(crate) greeting: &'static str,
    /// Question and label of each field.
    pub(crate) name: [&'static str; 2],
    pub(crate) phone: [&'static str; 2],
    pub(crate) email: [&'static str; 2],
    pub(crate) need: [&'static str; 2],
    pub(crate) budget: [&'static str; 2],
    pub(crate) files: [&'static str; 2],
    pub(crate) consent: [&'static str; 2],
    pub(crate) summary: &'static str,
    pub(crate) thanks: &'static str,
    pub(crate) goes_on: &'static str,
    pub(crate) no_consent: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) timed_out: &'static str,
    pub(crate) again: &'static str,
    pub(crate) handed_over: &'static str,
    pub(crate) failed: &'static str,
}

pub(crate) const ENGLISH: Words = Words {
    language: "en",
    greeting: "Good day! A few questions, and your request is with the right person. Write “cancel” at any time.",
    name: ["What is your name?", "Name"],
    phone: ["Where can we call you?", "Phone"],
    email: ["Your e-mail address?", "E-mail"],
    need: ["What do you need?", "Need"],
    budget: ["What is your budget?", "Budget"],
    files: ["Is there a drawing or a photo? Send it here.", "Files"],
    consent: ["May we keep these data to answer your request?", "Consent"],
    summary: "Is this right?",
    thanks: "Thank you! Your request has the number {}.",
    goes_on: "We will write to you here about request {}.",
    no_consent: "Then we keep nothing of it. Write “{}” if you change your mind.",
    cancelled: "Cancelled. Write “{}” to begin again.",
    timed_out: "We did not hear from you, so the request is cancelled. Write “{}” to begin again.",
    again: "Your request is with us. Write “{}” for another one.",
    handed_over: "I will fetch a colleague, who answers you here.",
    failed: "Something went wrong on our side. A colleague goes on here with what you told us.",
};

pub(crate) const RUSSIAN: Words = Words {
    language: "ru",
    greeting: "Здравствуйте! Несколько вопросов — и заявка попадёт к нужному человеку. В любой момент можно написать «отмена».",
    name: ["Как вас зовут?", "Имя"],
    phone: ["По какому номеру вам позвонить?", "Телефон"],
    email: ["Ваша электронная почта?", "Почта"],
    need: ["Что вам нужно?", "Задача"],
    budget: ["Какой у вас бюджет?", "Бюджет"],
    files: ["Есть чертёж или фотография? Пришлите сюда.", "Файлы"],
    consent: ["Можно сохранить эти данные, чтобы ответить на заявку?", "Согласие"],
    summary: "Всё верно?",
    thanks: "Спасибо! Номер вашей заявки — {}.",
    goes_on: "О заявке {} напишем вам здесь.",
    no_consent: "Тогда ничего не сохраняем. Если передумаете, напишите «{}».",
    cancelled: "Отменено. Чтобы начать снова, напишите «{}».",
    timed_out: "Мы не дождались ответа, заявка отменена. Чтобы начать снова, напишите «{}».",
    again: "Ваша заявка у нас. Чтобы оставить ещё одну, напишите «{}».",
    handed_over: "Зову коллегу: вам ответят здесь.",
    failed: "У нас что-то не получилось. Коллега продолжит здесь с тем, что вы уже рассказали.",
};

impl Words {
    pub(crate) fn of(language: &str) -> &'static Self {
        if language.eq_ignore_ascii_case(RUSSIAN.language) { &RUSSIAN } else { &ENGLISH }
    }
}

/// `text` with `what` in its place.
pub(crate) fn filled(text: &str, what: impl ToString) -> String {
    text.replacen("{}", &what.to_string(), 1)
}
