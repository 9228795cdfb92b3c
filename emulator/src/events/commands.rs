//! Finding slash commands in what people type and press.

use super::bots::CommandRun;
use crate::world::World;
use crate::world::chats::{Chat, ChatKind};
use crate::world::messages::Message;

/// Commands that one message may run.
const MOST_RUNS: usize = 10;

impl World {
    /// The commands that a typed message runs: one a line, each (command, parameters) once, at most ten.
    pub(super) fn typed_commands(&self, chat: &Chat, message: &Message) -> Vec<CommandRun> {
        let mut runs: Vec<CommandRun> = Vec::new();
        for line in message.text.lines() {
            let Some(rest) = line.trim().strip_prefix('/') else { continue };
            let (name, params) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let params = params.trim();
            let commands = self.reachable(chat, name);
            let known = runs.iter().any(|run| run.name == name && run.params == params);
            if commands.is_empty() || known {
                continue;
            }
            runs.push(CommandRun {
                commands,
                name: name.to_owned(),
                params: params.to_owned(),
                context: "TEXTAREA",
                message_id: message.id,
                user_id: message.author_id,
            });
            if runs.len() == MOST_RUNS {
                break;
            }
        }
        runs
    }

    /// Registered commands of that name that can be called in the chat.
    fn reachable(&self, chat: &Chat, name: &str) -> Vec<i64> {
        self.commands
            .values()
            .filter(|command| command.name == name)
            .filter(|command| {
                let Some(bot) = self.bots.get(&command.bot_id) else { return false };
                let member = chat.members.contains(&bot.id);
                match chat.kind {
                    ChatKind::LiveChat => false,
                    ChatKind::Lines => bot.openline && (member || command.common),
                    ChatKind::Private | ChatKind::Group => member || command.common,
                }
            })
            .map(|command| command.id)
            .collect()
    }

    /// What pressing a COMMAND button of a message runs, if the bot of the button knows the command.
    pub(crate) fn pressed_command(
        &self,
        bot_id: i64,
        name: &str,
        params: &str,
        message_id: i64,
        user_id: i64,
    ) -> Option<CommandRun> {
        let name = name.trim_start_matches('/');
        let command =
            self.commands.values().find(|command| command.bot_id == bot_id && command.name == name)?;
        Some(CommandRun {
            commands: vec![command.id],
            name: name.to_owned(),
            params: params.to_owned(),
            context: "KEYBOARD",
            message_id,
            user_id,
        })
    }
}
