//! Evidence that is too old: the portal is asked, for many dialogs at once.

use std::time::Duration;

use openlines_emulator::{Client, RestFault};

use crate::{
    bench::{Bench, MINUTE},
    stage::SOON,
};

const DIALOG_GET: &str = "imopenlines.dialog.get";

/// Clients for whom the bot has something to say in a minute.
async fn waiting(bench: &Bench, count: usize) -> Vec<Client> {
    let clients: Vec<Client> =
        (0..count).map(|number| bench.portal().client(&format!("Client {number}"))).collect();
    for client in &clients {
        client.says("later").await;
    }
    bench.quiet().await;
    assert_eq!(bench.inquiries(), 0, "what events have just said is fresh");
    clients
}

#[tokio::test]
async fn many_dialogs_whose_evidence_is_old_are_asked_for_in_one_request() {
    let bench = Bench::new().await;
    let clients = waiting(&bench, 12).await;
    bench.portal().operator("Ivan").takes(&clients[3]).await;
    bench.portal().operator("Petr").takes(&clients[7]).await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    for (number, client) in clients.iter().enumerate() {
        let reminded = bench.said_to(client).contains(&"Are you there?".to_owned());
        assert_eq!(reminded, number != 3 && number != 7, "client {number}");
    }
    let calls = bench.portal().calls();
    let asked: Vec<_> = calls.iter().filter(|call| call.method == DIALOG_GET).collect();
    assert_eq!(asked.len(), 12, "each once");
    assert!(asked.iter().all(|call| call.in_batch), "in one batch");
    assert_eq!(bench.notes.withheld_texts(), ["Are you there?", "Are you there?"]);
}

#[tokio::test]
async fn a_portal_that_refuses_is_asked_once_and_what_is_known_has_to_do() {
    let bench = Bench::new().await;
    bench.portal().faults().rest(DIALOG_GET, RestFault::error(401, "insufficient_scope"), 99);
    let clients = waiting(&bench, 2).await;
    bench.portal().operator("Ivan").says(&clients[0], crate::witness::TAKES).await;
    bench.quiet().await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.said_to(&clients[0]), ["You said: later"]);
    assert_eq!(bench.said_to(&clients[1]), ["You said: later", "Are you there?"]);
    let asked = bench.inquiries();
    clients[1].says("later").await;
    bench.quiet().await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.said_to(&clients[1]).last().unwrap(), "Are you there?");
    assert_eq!(bench.inquiries(), asked, "it is not asked again so soon");
}

#[tokio::test]
async fn while_it_cannot_be_asked_the_message_waits_and_is_sent_then() {
    let bench = Bench::new().await;
    let clients = waiting(&bench, 1).await;
    bench.portal().faults().rest(DIALOG_GET, RestFault::CloseBeforeExecution, 2);
    bench.clock.advance(MINUTE);
    tokio::time::timeout(SOON, async {
        while bench.inquiries() < 3 {
            assert_eq!(bench.said_to(&clients[0]), ["You said: later"]);
            bench.clock.advance(Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it is asked again");
    bench.quiet().await;
    assert_eq!(bench.said_to(&clients[0]), ["You said: later", "Are you there?"]);
    bench.nobody_is_needed().await;
}
