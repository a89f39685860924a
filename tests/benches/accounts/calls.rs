//! Each call of a login, from the number to the logout: how long it takes near Telegram and far from it, and how often
//! it waits for the way there and back.
//!
//! `baseline/saved_messages.py` does the same with Telethon. Both are called by the same code in turn, with the same
//! requests of different people, and work with the same simulated data centres.

use std::collections::BTreeMap;
use std::time::Duration;

use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;

use crate::common::figures::{megabytes, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure, bytes_of, end_processes};
use crate::common::python::virtual_environment;
use crate::measured::{Call, Measured};
use crate::people::{Kind, Person};
use crate::server::{self, cloud};

/// People of each kind.
const PEOPLE: usize = 10;

/// People of each kind before those that count.
const WARM_UP: usize = 2;

/// The way to Telegram and back, for those who are far away.
const FAR: Duration = Duration::from_millis(50);

/// How long until Telegram is asked again whether it knows a login.
const CHECK_DUE: Duration = Duration::from_secs(61);

const DAY: Duration = Duration::from_hours(24);

/// What is asked after the login, and how long after what was before.
const LATER: [(Duration, &[Call]); 2] =
    [(CHECK_DUE, &[Call::IsAuthenticated]), (DAY, &[Call::IsAuthenticatedNextDay, Call::Logout])];

/// Who is called, and how.
struct Round<'a> {
    ours: &'a BenchStack,
    /// Where the same requests go for comparison.
    bare: Option<&'a str>,
    /// The addresses of those who are called in turn.
    servers: &'a [&'a str],
    /// Whether every call starts a process.
    starts: bool,
    /// The largest memory of each function so far, in bytes.
    memory: BTreeMap<String, u64>,
}

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let bare = BenchStack::bare(binaries, &ours).await?;
    let telethon = server::start(&python, &ours).await?;
    let (url, bare_url) = (ours.stack.url(), bare.stack.url());
    let servers = [url.as_str(), telethon.url.as_str()];
    let network = cloud(&ours)?.network();

    let memory = BTreeMap::new();
    let mut near = Round { ours: &ours, bare: Some(&bare_url), servers: &servers, starts: false, memory };
    let near_found = near.run().await?;
    network.set(NetworkSettings { round_trip: FAR, bytes_per_second: None });
    let mut far = Round { bare: None, memory: BTreeMap::new(), ..near };
    let far_found = far.run().await?;
    let (starts, memory) = (true, BTreeMap::new());
    let mut new = Round { ours: &ours, bare: None, servers: &servers[..1], starts, memory };
    let new_found = new.run().await?;

    print_round_trips(&near_found, &far_found);
    print_own_time(&near_found);
    print_processes(&far_found[0], &new_found[0], &far.memory);
    let process = telethon.process().ok_or("the server in Python runs")?;
    let largest = megabytes(bytes_of(process, "VmHWM")?);
    print(
        "The server in Python after these calls",
        ["server", "peak memory"],
        &[["Flask and Telethon".to_owned(), largest]],
    );
    telethon.stop().await?;
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

impl Round<'_> {
    /// What was found of each server.
    async fn run(&mut self) -> Result<Vec<Measured>, Failure> {
        let mut found: Vec<_> = self.servers.iter().map(|_| Measured::new()).collect();
        let mut warm_up = Measured::new();
        let mut signed_in = Vec::new();
        for number in 0..WARM_UP + PEOPLE {
            for (server, found) in found.iter_mut().enumerate() {
                let found = if number < WARM_UP { &mut warm_up } else { found };
                signed_in.push((number, server, self.sign_in(server, found).await?));
            }
        }
        self.note_memory()?;
        for (after, calls) in LATER {
            // Processes that an earlier clock started are not used again, so this begins with others.
            self.ours.stack.clock().advance(after);
            for (number, server, person) in &mut signed_in {
                let found = if *number < WARM_UP { &mut warm_up } else { &mut found[*server] };
                for call in calls {
                    self.call(*call, *server, person, found).await?;
                }
            }
            self.note_memory()?;
        }
        Ok(found)
    }

    /// People of every kind begin to sign in; the one without complications does.
    async fn sign_in(&self, server: usize, found: &mut Measured) -> Result<Person, Failure> {
        let cloud = cloud(self.ours)?;
        let mut elsewhere = Person::new(cloud, Kind::Elsewhere).await?;
        self.call(Call::SendCodeElsewhere, server, &mut elsewhere, found).await?;
        let mut with_password = Person::new(cloud, Kind::WithPassword).await?;
        with_password.comes_to_the_password(self.servers[server], cloud).await?;
        self.call(Call::CheckPassword, server, &mut with_password, found).await?;
        let mut plain = Person::new(cloud, Kind::Plain).await?;
        self.call(Call::SendCode, server, &mut plain, found).await?;
        self.call(Call::SignIn, server, &mut plain, found).await?;
        Ok(plain)
    }

    async fn call(
        &self,
        call: Call,
        server: usize,
        person: &mut Person,
        found: &mut Measured,
    ) -> Result<(), Failure> {
        let cloud = cloud(self.ours)?;
        if self.starts {
            end_processes(&self.ours.stack, call.function()).await;
        }
        let request = person.request(call, self.servers[server], cloud)?;
        let for_comparison = self.bare.map(|bare| person.request(call, bare, cloud)).transpose()?;
        let found = found.entry(call).or_default();
        let before = cloud.network().round_trips();
        let answer = person.send(request).await?;
        found.times.push(answer.success()?);
        found.round_trips.insert(cloud.network().round_trips() - before);
        if call.function() == "IsAuthenticated" && !answer.response.body().contains("true") {
            return Err(format!("somebody is not signed in: {}", answer.response.body()).into());
        }
        if let Some(request) = for_comparison {
            found.bare.push(person.send(request).await?.success()?);
        }
        Ok(())
    }

    fn note_memory(&mut self) -> Result<(), Failure> {
        for process in self.ours.stack.lambda().processes() {
            if let Some(id) = process.pid {
                let bytes = bytes_of(id, "VmHWM")?;
                let largest = self.memory.entry(process.function).or_default();
                *largest = bytes.max(*largest);
            }
        }
        Ok(())
    }
}

fn print_round_trips(near: &[Measured], far: &[Measured]) {
    let of_server = |server: usize, call: Call| {
        let (near, far) = (&near[server][&call], &far[server][&call]);
        let more = far.times.median().saturating_sub(near.times.median());
        let by_time = more.as_secs_f64() / FAR.as_secs_f64();
        [far.times.both(), far.counted(), format!("{by_time:.1}")]
    };
    let rows = Call::ALL.map(|call| {
        let ([ours, counted, by_time], [telethon, its_counted, its_by_time]) =
            (of_server(0, call), of_server(1, call));
        [call.name().to_owned(), ours, counted, by_time, telethon, its_counted, its_by_time]
    });
    let heads = [
        "call",
        "functions, p50 / p99",
        "round trips",
        "by time",
        "Telethon, p50 / p99",
        "round trips",
        "by time",
    ];
    let count = far[0][&Call::SendCode].times.count();
    print(&format!("Telegram {} away and back, {count} calls of each kind", ms(FAR)), heads, &rows);
}

fn print_own_time(near: &[Measured]) {
    let rows = Call::ALL.map(|call| {
        let (ours, telethon) = (&near[0][&call], &near[1][&call]);
        let own = ours.times.median().saturating_sub(ours.bare.median());
        let name = call.name().to_owned();
        [name, ours.times.both(), ours.bare.both(), ms(own), telethon.times.both()]
    });
    let heads =
        ["call", "functions, p50 / p99", "to a bare function", "own time (p50)", "Telethon, p50 / p99"];
    let count = near[0][&Call::SendCode].times.count();
    print(&format!("Telegram on the same machine, {count} calls of each kind"), heads, &rows);
}

fn print_processes(running: &Measured, new: &Measured, memory: &BTreeMap<String, u64>) {
    let rows = Call::ALL.map(|call| {
        let (running, new) = (running[&call].times.median(), new[&call].times.median());
        let memory = memory.get(call.function()).copied().unwrap_or_default();
        [call.name().to_owned(), ms(running), ms(new), ms(new.saturating_sub(running)), megabytes(memory)]
    });
    let heads = ["call", "by a running process", "by a new one", "more", "peak memory"];
    print(&format!("First answers of processes, Telegram {} away and back, p50", ms(FAR)), heads, &rows);
}
