//! A contact centre in one process: the first line, the assistant, and the supervisor's page beside them. Which bot meets
//! whom is set in each open line. Settings are the files of all three in the current directory.
//!
//! ```console
//! cargo run -p dashboard --example contact_centre -- demo
//! ```

use std::process::ExitCode;

use openlines::prelude::*;

fn main() -> ExitCode {
    openlines::app::main(async {
        let bots = assistant::app(triage::app(App::from_env()?)?)?;
        dashboard::beside(bots)?.run().await
    })
}
