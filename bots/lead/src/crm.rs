//! A request becomes a lead or a deal, once.
//!
//! What is to be added has a key of the message that confirmed it, and is looked for by that before it is added: a try
//! whose answer was lost, or a process that ended, leaves no second one.
//!
//! **Trap:** a portal that carries an addition out only after it was looked for would have two. The wait between the
//! tries of a turn is there for that.

use openlines::{
    prelude::*,
    rest::{
        Method,
        methods::crm::{
            Comment, Communication, ContactAdd, ContactGet, ContactUpdate, CrmFields, DealAdd, DealList,
            DealUpdate, DuplicateFind, DuplicateKind, LeadAdd, LeadList, LeadUpdate, TimelineCommentAdd,
        },
    },
    wire::{ChatEntity, LineAddress},
};
use serde_json::{Map, Value, json};

use crate::{Request, Settings, settings::Kind};

/// Names this program in what it adds.
const SYSTEM: &str = "openlines.lead";
/// Characters of a title.
const LONGEST: usize = 100;

/// What a request has become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    pub(crate) id: i64,
    /// Whose chat this one is, for the messages to come.
    pub(crate) of_chat: CrmItem,
}

/// Enters a request; `used` is the item of an earlier one in this session, which stays as it is.
pub(crate) async fn enter(
    cx: &Context,
    request: &Request,
    settings: &Settings,
    used: i64,
) -> Result<Entered, HandlerError> {
    let address = cx.chat().and_then(|chat| match &chat.entity {
        ChatEntity::Lines(address) => Some(address),
        _ => None,
    });
    let bound = cx.chat().map(|chat| match settings.item {
        Kind::Lead => chat.crm.lead,
        Kind::Deal => chat.crm.deal,
    });
    let bound = bound.filter(|id| *id > 0 && *id != used);
    let contact: i64 = cx.step("contact", contact(cx, request, address, settings)).await?;
    let mut fields = of_item(request, settings);
    if contact > 0 {
        fields = fields.contact(contact);
    } else {
        fields = of_person(fields, request, address);
    }
    let id: i64 = match bound {
        // The line has bound the chat to an item of its own: that one is the request's.
        Some(id) => cx.step("item", change(cx, settings.item, id, fields)).await?,
        None => cx.step("item", add(cx, settings.item, fields)).await?,
    };
    let (name, own) = match settings.item {
        Kind::Lead => ("lead", CrmItem::Lead(id)),
        Kind::Deal => ("deal", CrmItem::Deal(id)),
    };
    let of_chat = match contact {
        // A deal is known to the chat by its contact.
        contact if contact > 0 && bound.is_none() => CrmItem::Contact(contact),
        _ => own,
    };
    let note = TimelineCommentAdd::new(Comment::new(name, id, request.in_words(&settings.currency)));
    // After the commit and at most once: a second note would be worse than none.
    cx.call_later(TimelineCommentAdd::NAME, serde_json::to_value(note)?);
    Ok(Entered { id, of_chat })
}

/// Who has the phone or the address already; for a deal a new contact if nobody has, for a lead none.
async fn contact(
    cx: &Context,
    request: &Request,
    address: Option<&LineAddress>,
    settings: &Settings,
) -> Result<i64, HandlerError> {
    let phone = Some((Communication::Phone, request.phone.clone()));
    let email = request.email.clone().map(|email| (Communication::Email, email));
    for (kind, value) in phone.into_iter().chain(email) {
        let find = DuplicateFind::new(kind, vec![value]).entity_type(DuplicateKind::Contact);
        let Some(known) = cx.invoke(&find).await?.contacts.first().copied() else { continue };
        if let Some(address) = address {
            let im = format!("imol|{address}");
            if !cx.invoke(&ContactGet::new(known)).await?.values("IM").any(|value| value == im) {
                cx.invoke(&ContactUpdate::new(known, CrmFields::new().open_line(address))).await?;
            }
        }
        return Ok(known);
    }
    match settings.item {
        Kind::Lead => Ok(0),
        Kind::Deal => {
            let fields = of_person(CrmFields::new(), request, address);
            Ok(cx.invoke(&ContactAdd::new(fields)).await?.id)
        }
    }
}

fn of_person(fields: CrmFields, request: &Request, address: Option<&LineAddress>) -> CrmFields {
    let mut fields = fields.name(&request.name).phone(&request.phone, "WORK");
    if let Some(email) = &request.email {
        fields = fields.email(email, "WORK");
    }
    match address {
        Some(address) => fields.open_line(address),
        None => fields,
    }
}

fn of_item(request: &Request, settings: &Settings) -> CrmFields {
    let title: String = format!("{}: {}", request.name, request.need).chars().take(LONGEST).collect();
    let mut fields = CrmFields::new().title(title.replace('\n', " "));
    if let Some(budget) = request.budget {
        fields = fields.amount(budget, &settings.currency);
    }
    if let Some(source) = &settings.source {
        fields = fields.source(source);
    }
    match settings.responsible {
        Some(user) => fields.assigned_to(UserId::new(user)),
        None => fields,
    }
}

async fn change(cx: &Context, kind: Kind, id: i64, fields: CrmFields) -> Result<i64, HandlerError> {
    match kind {
        Kind::Lead => cx.invoke(&LeadUpdate::new(id, fields)).await.map(|_| id),
        Kind::Deal => cx.invoke(&DealUpdate::new(id, fields)).await.map(|_| id),
    }
}

async fn add(cx: &Context, kind: Kind, fields: CrmFields) -> Result<i64, HandlerError> {
    let key = key(cx);
    let filter = Map::from_iter([
        ("=ORIGINATOR_ID".to_owned(), json!(SYSTEM)),
        ("=ORIGIN_ID".to_owned(), Value::from(key.as_str())),
    ]);
    let id = vec!["ID".to_owned()];
    let there = match kind {
        Kind::Lead => cx.invoke(&LeadList::new().filter(filter).select(id)).await?,
        Kind::Deal => cx.invoke(&DealList::new().filter(filter).select(id)).await?,
    };
    if let Some(row) = there.rows.first() {
        return Ok(row.id());
    }
    let fields = fields.origin(SYSTEM, key);
    let made = match kind {
        Kind::Lead => cx.invoke(&LeadAdd::new(fields)).await?,
        Kind::Deal => cx.invoke(&DealAdd::new(fields)).await?,
    };
    Ok(made.id)
}

/// Of the message that confirmed the request: the same whenever its turn runs again.
fn key(cx: &Context) -> String {
    let message = match &cx.incoming().event {
        Event::Message(message) => message.id,
        Event::Command(press) => press.message_id,
        _ => Default::default(),
    };
    let chat = cx.chat().map(|chat| chat.id).unwrap_or_default();
    format!("{chat}.{message}")
}
