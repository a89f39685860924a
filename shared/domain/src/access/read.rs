//! What the documents say.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{Line, Problem};
use super::role::{Asked, Grant, Role};
use super::service::{LONGEST_TIMEOUT, Service, Target};
use super::yaml::{self, Entry, Node};
use super::{Assigned, Permissions, Strangers};
use crate::api_key::ApiKeyId;
use crate::ids::UserId;

/// What stands in `users` for everybody who is not named there.
const EVERYONE: &str = "*";

/// Something wrong, and where.
type Wrong = (Line, Problem);

type Roles = BTreeMap<String, Role>;

pub(super) fn permissions(text: &str) -> Result<Permissions, Wrong> {
    let document = yaml::read(text)?;
    let known = &["roles", "users", "keys", "services", "routes", "strangers"];
    let parts = document.fields("this file", known)?;
    let roles = named(parts.get("roles").copied(), "`roles`", role)?;
    if roles.is_empty() {
        return Err((document.line, Problem::expected("`roles`", "a mapping with at least one role")));
    }
    let services =
        named(parts.get("services").copied(), "`services`", |name, node| service(name, node, &roles))?;
    Ok(Permissions {
        assigned: assigned(&parts, &roles)?,
        routes: routes(parts.get("routes").copied(), &services)?,
        strangers: strangers(parts.get("strangers").copied())?,
        roles,
        services,
    })
}

/// Merges what the second document says into what the first does. Each entry stands in place of the one of its name.
pub(super) fn assignments(text: &str, base: &mut Permissions) -> Result<(), Wrong> {
    let document = yaml::read(text)?;
    let parts = document.fields("this file", &["users", "keys", "services", "routes", "strangers"])?;
    let more = assigned(&parts, &base.roles)?;
    let services =
        named(parts.get("services").copied(), "`services`", |name, node| service(name, node, &base.roles))?;
    base.services.extend(services);
    base.routes.extend(routes(parts.get("routes").copied(), &base.services)?);
    base.strangers = match parts.get("strangers") {
        None => base.strangers,
        given => strangers(given.copied())?,
    };
    base.assigned.users.extend(more.users);
    base.assigned.keys.extend(more.keys);
    base.assigned.everyone = more.everyone.or_else(|| base.assigned.everyone.take());
    Ok(())
}

/// The entries of a mapping from names to what `read` makes of them.
fn named<T>(
    node: Option<&Node>,
    what: &str,
    read: impl Fn(&str, &Node) -> Result<T, Wrong>,
) -> Result<BTreeMap<String, T>, Wrong> {
    let read_entry = |entry: &Entry| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if entry.key.is_empty() || !entry.key.bytes().all(letter) {
            let what = format!("the name `{}`", entry.key);
            return Err((
                entry.line,
                Problem::expected(&what, "of letters, digits, hyphens and underscores"),
            ));
        }
        Ok((entry.key.clone(), read(&entry.key, &entry.value)?))
    };
    entries(node, what)?.iter().map(read_entry).collect()
}

fn role(name: &str, node: &Node) -> Result<Role, Wrong> {
    let fields = node.fields(
        &format!("`{name}`"),
        &["commands", "bot_commands", "paid_broadcast", "commands_per_minute"],
    )?;
    let commands = list(fields.get("commands").copied(), "`commands`")?;
    let bot_commands = list(fields.get("bot_commands").copied(), "`bot_commands`")?;
    let grant = |(line, text)| Grant::read(text).map_err(|problem| (line, problem));
    let asked = |(line, text): (Line, &str)| {
        let expected = "`/name` in lower case, `/*`, `callback_query`, `message` or `*`";
        Asked::read(text).ok_or_else(|| (line, Problem::expected(&format!("`{text}`"), expected)))
    };
    Ok(Role {
        name: name.to_owned(),
        commands: commands.into_iter().map(grant).collect::<Result<_, _>>()?,
        bot_commands: bot_commands.into_iter().map(asked).collect::<Result<_, _>>()?,
        paid_broadcast: match fields.get("paid_broadcast") {
            None => false,
            Some(node) => match node.text() {
                Some("true") => true,
                Some("false") => false,
                _ => return Err((node.line, Problem::expected("`paid_broadcast`", "true or false"))),
            },
        },
        commands_per_minute: fields.get("commands_per_minute").map(|node| quota(node)).transpose()?,
    })
}

fn quota(node: &Node) -> Result<u32, Wrong> {
    let number = node.text().and_then(|text| text.parse().ok());
    number.ok_or_else(|| (node.line, Problem::expected("`commands_per_minute`", "a whole number")))
}

/// The texts of a list, with their lines.
fn list<'a>(node: Option<&'a Node>, what: &str) -> Result<Vec<(Line, &'a str)>, Wrong> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let items = node.list().ok_or_else(|| (node.line, Problem::expected(what, "a list")))?;
    let text = |item: &'a Node| {
        let text = item
            .text()
            .ok_or_else(|| (item.line, Problem::expected(&format!("an item of {what}"), "a name")))?;
        Ok((item.line, text))
    };
    items.iter().map(text).collect()
}

fn service(name: &str, node: &Node, roles: &Roles) -> Result<Service, Wrong> {
    let this = format!("`{name}`");
    let fields = node.fields(&this, &["url", "queue", "role", "timeout"])?;
    let target = match (fields.get("url"), fields.get("queue")) {
        (Some(url), None) => {
            let target = url.text().and_then(Target::url);
            target
                .ok_or_else(|| (url.line, Problem::expected("`url`", "an HTTPS URL without a user in it")))?
        }
        (None, Some(queue)) => {
            let target = queue.text().and_then(Target::queue);
            target.ok_or_else(|| (queue.line, Problem::expected("`queue`", "an SQS queue's name or URL")))?
        }
        _ => return Err((node.line, Problem::expected(&this, "a mapping with either `url` or `queue`"))),
    };
    let Some(role) = fields.get("role") else {
        return Err((
            node.line,
            Problem::expected(&this, "a mapping with a `role` for the service's answers"),
        ));
    };
    Ok(Service {
        name: name.to_owned(),
        target,
        role: role_name(role, "`role`", roles)?,
        timeout: fields.get("timeout").map_or(Ok(LONGEST_TIMEOUT), |node| timeout(node))?,
    })
}

fn timeout(node: &Node) -> Result<Duration, Wrong> {
    let seconds = node.text().and_then(|text| text.parse().ok());
    let timeout = seconds.map(Duration::from_secs).filter(|time| !time.is_zero() && *time <= LONGEST_TIMEOUT);
    timeout.ok_or_else(|| (node.line, Problem::expected("`timeout`", "a number of seconds from 1 to 10")))
}

fn assigned(parts: &BTreeMap<&str, &Node>, roles: &Roles) -> Result<Assigned, Wrong> {
    let mut assigned = Assigned::default();
    // Neither a user nor a key is repeated in an error: it may be a phone number, or a whole key.
    for entry in entries(parts.get("users").copied(), "`users`")? {
        let role = || role_name(&entry.value, "a user's role", roles);
        if entry.key == EVERYONE {
            assigned.everyone = Some(role()?);
            continue;
        }
        let id = entry.key.parse().ok().filter(|id: &i64| *id > 0 && id.to_string() == entry.key);
        let expected = "the number that Telegram gives them, or \"*\" for everybody else";
        let id = id.ok_or_else(|| (entry.line, Problem::expected("a user", expected)))?;
        assigned.users.insert(UserId(id), role()?);
    }
    for entry in entries(parts.get("keys").copied(), "`keys`")? {
        let expected = "the id of an API key: the 12 digits behind `lg_`";
        let id =
            ApiKeyId::parse(&entry.key).ok_or_else(|| (entry.line, Problem::expected("a key", expected)))?;
        assigned.keys.insert(id, role_name(&entry.value, "a key's role", roles)?);
    }
    Ok(assigned)
}

/// The entries of a mapping, none where there is no mapping.
fn entries<'a>(node: Option<&'a Node>, what: &str) -> Result<&'a [Entry], Wrong> {
    let Some(node) = node else { return Ok(&[]) };
    node.entries().ok_or_else(|| (node.line, Problem::expected(what, "a mapping")))
}

/// The name of a role that there is.
fn role_name(node: &Node, what: &str, roles: &Roles) -> Result<String, Wrong> {
    let name = node.text().ok_or_else(|| (node.line, Problem::expected(what, "the name of a role")))?;
    if roles.contains_key(name) {
        return Ok(name.to_owned());
    }
    Err((node.line, Problem::NoSuchRole { name: name.to_owned(), known: roles.keys().cloned().collect() }))
}

fn routes(
    node: Option<&Node>,
    services: &BTreeMap<String, Service>,
) -> Result<BTreeMap<Asked, String>, Wrong> {
    let mut routes = BTreeMap::new();
    for Entry { key, line, value } in entries(node, "`routes`")? {
        let what = format!("`{key}`");
        let expected = "`/name` in lower case, `/*`, `callback_query` or `message`";
        let asked = Asked::read(key).filter(|asked| *asked != Asked::Anything);
        let asked = asked.ok_or_else(|| (*line, Problem::expected(&what, expected)))?;
        let name = value.text();
        let name = name.ok_or_else(|| (value.line, Problem::expected(&what, "the name of a service")))?;
        if !services.contains_key(name) {
            let known = services.keys().cloned().collect();
            return Err((value.line, Problem::NoSuchService { name: name.to_owned(), known }));
        }
        routes.insert(asked, name.to_owned());
    }
    Ok(routes)
}

fn strangers(node: Option<&Node>) -> Result<Strangers, Wrong> {
    match node.map(|node| (node.line, node.text())) {
        None => Ok(Strangers::default()),
        Some((_, Some("silent"))) => Ok(Strangers::Silent),
        Some((_, Some("answer"))) => Ok(Strangers::Answer),
        Some((line, _)) => Err((line, Problem::expected("`strangers`", "`silent` or `answer`"))),
    }
}
