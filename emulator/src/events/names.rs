//! The events of the portal by name, and the scope that grants each.

/// v1 bot events that a registration binds, with the field that names the handler.
pub(crate) const V1_BOT_EVENTS: [(&str, &str); 6] = [
    ("EVENT_MESSAGE_ADD", "ONIMBOTMESSAGEADD"),
    ("EVENT_MESSAGE_UPDATE", "ONIMBOTMESSAGEUPDATE"),
    ("EVENT_MESSAGE_DELETE", "ONIMBOTMESSAGEDELETE"),
    ("EVENT_WELCOME_MESSAGE", "ONIMBOTJOINCHAT"),
    ("EVENT_BOT_DELETE", "ONIMBOTDELETE"),
    ("EVENT_CONTEXT_GET", "ONIMBOTCONTEXTGET"),
];

/// v2 bot events that a registration in webhook mode binds.
pub(crate) const V2_BOT_EVENTS: [&str; 8] = [
    "ONIMBOTV2MESSAGEADD",
    "ONIMBOTV2MESSAGEUPDATE",
    "ONIMBOTV2MESSAGEDELETE",
    "ONIMBOTV2JOINCHAT",
    "ONIMBOTV2DELETE",
    "ONIMBOTV2CONTEXTGET",
    "ONIMBOTV2COMMANDADD",
    "ONIMBOTV2REACTIONCHANGE",
];

/// Events that `event.bind` accepts, with their scope; the empty scope is always granted.
pub(crate) const BINDABLE: [(&str, &str); 36] = [
    ("ONAPPINSTALL", ""),
    ("ONAPPUPDATE", ""),
    ("ONAPPUNINSTALL", ""),
    ("ONAPPPAYMENT", ""),
    ("ONAPPMETHODCONFIRM", ""),
    ("ONAPPTEST", ""),
    ("ONSUBSCRIPTIONRENEW", ""),
    ("ONOFFLINEEVENT", ""),
    ("ONUSERADD", "user"),
    ("ONIMBOTMESSAGEADD", "imbot"),
    ("ONIMBOTMESSAGEUPDATE", "imbot"),
    ("ONIMBOTMESSAGEDELETE", "imbot"),
    ("ONIMBOTJOINCHAT", "imbot"),
    ("ONIMBOTDELETE", "imbot"),
    ("ONIMBOTCONTEXTGET", "imbot"),
    ("ONIMCOMMANDADD", "imbot"),
    ("ONIMBOTV2MESSAGEADD", "imbot"),
    ("ONIMBOTV2MESSAGEUPDATE", "imbot"),
    ("ONIMBOTV2MESSAGEDELETE", "imbot"),
    ("ONIMBOTV2JOINCHAT", "imbot"),
    ("ONIMBOTV2DELETE", "imbot"),
    ("ONIMBOTV2CONTEXTGET", "imbot"),
    ("ONIMBOTV2COMMANDADD", "imbot"),
    ("ONIMBOTV2REACTIONCHANGE", "imbot"),
    ("ONOPENLINEMESSAGEADD", "imopenlines"),
    ("ONOPENLINEMESSAGEUPDATE", "imopenlines"),
    ("ONOPENLINEMESSAGEDELETE", "imopenlines"),
    ("ONSESSIONSTART", "imopenlines"),
    ("ONSESSIONFINISH", "imopenlines"),
    ("ONIMCONNECTORMESSAGEADD", "imconnector"),
    ("ONIMCONNECTORMESSAGEUPDATE", "imconnector"),
    ("ONIMCONNECTORMESSAGEDELETE", "imconnector"),
    ("ONIMCONNECTORDIALOGSTART", "imconnector"),
    ("ONIMCONNECTORDIALOGFINISH", "imconnector"),
    ("ONIMCONNECTORSTATUSDELETE", "imconnector"),
    ("ONIMCONNECTORLINEDELETE", "imconnector"),
];
