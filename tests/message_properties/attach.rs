//! Attachments.

use openlines::message::{Attach, AttachBuilder, JSON_LIMIT};
use openlines_emulator::validate::{Outcome, attach};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    blocks::{SaidBlock, any_block},
    words::{
        Fill, LIMIT, any_color, any_fill, any_text, any_token, cases, meet, one_line, seen, some_fill,
        trimmed,
    },
};

#[derive(Debug, Clone)]
struct Said {
    blocks: Vec<SaidBlock>,
    color: Option<String>,
    token: &'static str,
    description: SaidDescription,
}

#[derive(Debug, Clone)]
enum SaidDescription {
    Text(String),
    FirstMessage,
    SkipMessage,
}

fn any_attach() -> impl Strategy<Value = Said> {
    let description = prop_oneof![
        3 => Just(SaidDescription::Text(String::new())),
        3 => any_text().prop_map(SaidDescription::Text),
        1 => Just(SaidDescription::FirstMessage),
        1 => Just(SaidDescription::SkipMessage),
    ];
    let color = prop::option::of(prop_oneof![Just("TRANSPARENT".to_owned()), any_color()]);
    (prop::collection::vec(any_block(), 0..6), color, any_token(), description, any_fill()).prop_map(
        |(blocks, color, token, description, fill)| {
            let said = Said { blocks, color, token, description };
            match fill {
                Some(fill) => said.filled(fill),
                None => said,
            }
        },
    )
}

/// The portal's answer, at the time and with the colour that the builders stand in.
fn portal(sent: &Value) -> Outcome {
    attach::check(sent, 1_000_000_000, || "#000000".to_owned())
}

impl Said {
    /// Made as long as the limit by one more text, if the builder takes all else. Beside a text that the builder has
    /// lengthened, to keep the portal from reading HTML in it, the limit would be another one.
    fn filled(mut self, fill: Fill) -> Self {
        self.description = SaidDescription::Text(String::new());
        self.blocks.push(SaidBlock::Message { text: "z".to_owned(), described: false });
        let Ok(built) = self.built() else { return self };
        let Outcome::Ok { json_chars, .. } = portal(&built.to_value()) else { return self };
        let text = format!("z{}z", fill.text(json_chars + 1, fill.plain_cost()));
        self.blocks.pop();
        self.blocks.push(SaidBlock::Message { text, described: false });
        self
    }

    fn described(&self) -> &str {
        match &self.description {
            SaidDescription::Text(text) => text,
            SaidDescription::FirstMessage => "FIRST_MESSAGE",
            SaidDescription::SkipMessage => "SKIP_MESSAGE",
        }
    }

    fn json(&self) -> Value {
        json!({
            "COLOR": self.color,
            "COLOR_TOKEN": self.token,
            "DESCRIPTION": self.described(),
            "BLOCKS": self.blocks.iter().map(SaidBlock::json).collect::<Vec<_>>(),
        })
    }

    fn built(&self) -> Result<Attach, openlines::message::BuildError> {
        let mut builder: AttachBuilder =
            Attach::builder().token(serde_json::from_value(json!(self.token)).unwrap());
        builder = match self.color.as_deref() {
            None => builder,
            Some("TRANSPARENT") => builder.transparent(),
            Some(color) => builder.color(color.parse().unwrap()),
        };
        builder = match &self.description {
            SaidDescription::Text(text) => builder.description(text),
            SaidDescription::FirstMessage => builder.description_of_first_message(),
            SaidDescription::SkipMessage => builder.description_without_message(),
        };
        self.blocks.iter().fold(builder, |builder, block| builder.block(block.built())).build()
    }

    /// Whether the portal stored all of it, as it is seen.
    fn is_kept_in(&self, stored: &Value) -> bool {
        let mut descriptions: Vec<&str> = vec![self.described()];
        descriptions.retain(|text| !trimmed(&one_line(text)).is_empty());
        descriptions.extend(self.blocks.iter().filter_map(|block| match block {
            SaidBlock::Message { text, described: true } => Some(text.as_str()),
            _ => None,
        }));
        let description = match descriptions.as_slice() {
            [] => "",
            [one] => one,
            // One of them is lost.
            _ => return false,
        };
        let whole: Vec<Value> = self.blocks.iter().map(SaidBlock::whole).collect();
        seen(&stored["BLOCKS"]) == seen(&json!(whole))
            && seen(&stored["DESCRIPTION"]) == seen(&json!(description.replace("#BR#", "[BR]")))
            && stored["COLOR_TOKEN"] == self.token
    }
}

#[test]
fn an_attachment_is_kept_whole_or_refused_by_the_builder_and_cut_by_the_portal() {
    meet("attachments", any_attach(), |said| match said.built() {
        Ok(built) => {
            let sent = built.to_value();
            let Outcome::Ok { normalised, json_chars } = portal(&sent) else {
                panic!("the portal refuses {sent}")
            };
            prop_assert_eq!(&normalised, &built.normalised());
            prop_assert_eq!(json_chars, built.size());
            prop_assert!(said.is_kept_in(&normalised), "something was lost in {}", normalised);
            let outbox = serde_json::to_string(&built).unwrap();
            prop_assert_eq!(serde_json::from_str::<Attach>(&outbox).unwrap(), built);
            Ok(true)
        }
        Err(error) => {
            let whole = match portal(&said.json()) {
                Outcome::Ok { normalised, .. } => said.is_kept_in(&normalised),
                _ => false,
            };
            let shows_nothing = said.blocks.iter().any(SaidBlock::shows_nothing);
            prop_assert!(!whole || shows_nothing, "the portal keeps what the builder refuses: {error}");
            Ok(false)
        }
    });
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_attachment_is_taken_up_to_the_limit_and_not_beyond(
        fill in some_fill(), token in any_token(),
    ) {
        let description = SaidDescription::Text(String::new());
        let said = Said { blocks: Vec::new(), color: None, token, description }.filled(fill);
        let wanted = LIMIT as i64 + fill.over;
        match said.built() {
            Ok(built) => {
                prop_assert!(fill.over <= 0);
                prop_assert_eq!(built.size() as i64, wanted);
            }
            Err(error) => {
                prop_assert_eq!(error.over().map(|over| (over + JSON_LIMIT) as i64), Some(wanted), "{}", error);
                let over = matches!(portal(&said.json()), Outcome::Oversize { .. });
                prop_assert!(over, "the portal takes it");
            }
        }
    }
}
