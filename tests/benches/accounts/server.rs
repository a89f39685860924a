//! `baseline/saved_messages.py`: Flask and Telethon, with sessions in its memory.

use std::path::Path;

use lambdagram_tests::telegram::mtproto::accounts::FIRST_HOME_DC;
use lambdagram_tests::telegram::mtproto::cloud::Cloud;

use crate::common::ground::{BenchStack, Failure};
use crate::common::python::PythonServer;

/// The cloud of accounts that a bench's stack works with.
pub(crate) fn cloud(ours: &BenchStack) -> Result<&Cloud, Failure> {
    Ok(ours.stack.cloud().ok_or("a bench's stack has the simulated cloud")?)
}

/// Starts the server. It begins at the same data centre as the functions.
pub(crate) async fn start(python: &Path, ours: &BenchStack) -> Result<PythonServer, Failure> {
    let cloud = cloud(ours)?;
    let addresses = cloud.cluster().addresses();
    let first = addresses.iter().find(|address| address.dc == FIRST_HOME_DC && !address.media);
    let port = first.ok_or("the data centre has a main address")?.address.port();
    let variables = [
        ("TELEGRAM_API_ID", "17349"),
        ("TELEGRAM_API_HASH", "0123456789abcdef0123456789abcdef"),
        ("TELEGRAM_DC", &FIRST_HOME_DC.to_string()),
        ("TELEGRAM_PORT", &port.to_string()),
        ("TELEGRAM_RSA_KEY", &cloud.public_key_pem()),
    ];
    PythonServer::start(python, "saved_messages.py", &variables).await
}
