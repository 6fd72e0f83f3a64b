//! What tests of use cases begin with: a [`Core`] on a fresh database, a clock that is moved by hand, and quick ways
//! to make projects, people and actors.
//!
//! The database is SQLite in a folder of the test; with `RELAYKEEP_TEST_POSTGRES` set to the URL of an administrator
//! of a throw-away PostgreSQL cluster, every test makes a database of its own there.

pub(crate) mod names;

use crate::{
    Actor, Clock, Core, CoreConfig, Result, config::PlatformRoute, members, projects, service_accounts, users,
};
use crate::{audit, sessions, sessions::StoredSession, tables::user};
use relay_dns::Resolver;
use relay_types::{
    DomainName, EmailAddress, Timestamp,
    member::Role,
    network::NetworkId,
    project::{ProjectId, Slug},
    service_account::{SecretId, ServiceAccountId},
    user::UserId,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, Statement};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    str::FromStr,
    time::Duration,
};
use tokio::sync::OnceCell;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Where the browsers of tests are.
pub(crate) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A core of one test.
pub(crate) struct Test {
    /// The core.
    pub(crate) core: Core,
    /// Its clock.
    pub(crate) clock: Clock,
    /// Key file and database; removed with the test.
    _folder: tempfile::TempDir,
}

impl Test {
    /// Platform route `mx`, a resolver that reaches nobody, 2026-11-21 13:46:40 UTC.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut CoreConfig)) -> Self {
        // The discard port of this machine: nothing answers, and no query leaves.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        Self::with_resolver(Resolver::new(&[nowhere]).expect("a resolver"), change).await
    }

    /// With other settings and a resolver of the test.
    pub(crate) async fn with_resolver(resolver: Resolver, change: impl FnOnce(&mut CoreConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = config(folder.path(), database(folder.path()).await);
        change(&mut config);
        let clock = Clock::manual(Timestamp(1_795_268_800_000));
        let core = Core::open(config, resolver, clock.clone()).await.expect("a core");
        Self { core, clock, _folder: folder }
    }

    /// A project that is not in the sandbox, named like its slug.
    pub(crate) async fn project(&self, slug: &str) -> (ProjectId, Slug) {
        self.project_in_sandbox(slug, false).await
    }

    /// A project, in the sandbox or not.
    pub(crate) async fn project_in_sandbox(&self, slug: &str, sandbox: bool) -> (ProjectId, Slug) {
        let name = slug.to_owned();
        let slug = Slug::parse(slug).expect("a slug");
        let id = projects::create(&self.core, &Actor::System, &name, slug.clone(), sandbox).await.expect("a project");
        (id, slug)
    }

    /// A person without a password.
    pub(crate) async fn user(&self, email: &str) -> Actor {
        self.person(email, false).await.expect("a user")
    }

    /// An operator without a password.
    pub(crate) async fn operator(&self, email: &str) -> Actor {
        self.person(email, true).await.expect("an operator")
    }

    /// A person of the service desk without a password.
    pub(crate) async fn desk(&self, email: &str) -> Actor {
        let person = self.user(email).await;
        let row = user::ActiveModel { id: Set(id_of(&person).uuid()), desk: Set(true), ..Default::default() };
        row.update(self.core.db.read()).await.expect("stored");
        let Actor::User { id, email, operator, client, password_at, .. } = person else { panic!("a person") };
        Actor::User { id, email, operator, desk: true, client, password_at }
    }

    /// A new person who is a member of the project.
    pub(crate) async fn member(&self, project: ProjectId, email: &str, role: Role) -> Actor {
        let actor = self.user(email).await;
        self.join(project, &actor, role).await;
        actor
    }

    /// Makes a person a member of the project.
    pub(crate) async fn join(&self, project: ProjectId, actor: &Actor, role: Role) {
        let Actor::User { id, email, .. } = actor else { panic!("only people are members") };
        let transaction = self.core.db.begin().await.expect("a transaction");
        let joined = members::insert(&self.core, &transaction, &Actor::System, project, *id, email, role).await;
        joined.expect("a member");
        transaction.commit().await.expect("commit");
    }

    /// Everyone a project-scoped use case must judge, for the refusal matrix. The outsider owns another project.
    pub(crate) async fn cast(&self, project: ProjectId, slug: &Slug) -> Cast {
        let (other, _) = self.project(&format!("{slug}-neighbour")).await;
        let at = |name: &str| format!("{name}@{slug}.example");
        Cast {
            owner: self.member(project, &at("owner"), Role::Owner).await,
            member: self.member(project, &at("member"), Role::Member).await,
            viewer: self.member(project, &at("viewer"), Role::Viewer).await,
            outsider: self.member(other, &at("outsider"), Role::Owner).await,
            operator: self.operator(&at("operator")).await,
            desk: self.desk(&at("desk")).await,
            anonymous: Actor::Anonymous { client: Some(CLIENT) },
            service_account: service_account(project),
            foreign_service_account: service_account(other),
            network: network(project),
        }
    }

    /// A person with a password.
    pub(crate) async fn user_with_password(&self, email: &str, password: &str) -> Actor {
        let actor = self.user(email).await;
        self.set_password(&actor, password).await;
        actor
    }

    /// Gives a person a password, whatever it is.
    pub(crate) async fn set_password(&self, actor: &Actor, password: &str) {
        let hash = self.core.hasher.hash(Zeroizing::new(password.to_owned())).await.expect("a hash");
        let row =
            user::ActiveModel { id: Set(id_of(actor).uuid()), password_hash: Set(Some(hash)), ..Default::default() };
        row.update(self.core.db.read()).await.expect("stored");
    }

    /// Opens a portal session of a person; gives its id.
    pub(crate) async fn session(&self, actor: &Actor) -> String {
        let id = Uuid::now_v7().to_string();
        let session = StoredSession {
            id: id.clone(),
            user_id: Some(id_of(actor)),
            data: "{}".to_owned(),
            expires_at: self.core.now().plus(Duration::from_secs(3600)),
        };
        assert!(sessions::create(&self.core, &session).await.expect("a session"));
        id
    }

    /// Whether a portal session is open.
    pub(crate) async fn is_open(&self, session: &str) -> bool {
        sessions::load(&self.core, session).await.expect("sessions").is_some()
    }

    /// The contents of all messages to an address, oldest first.
    pub(crate) async fn mails_to(&self, address: &str) -> Vec<String> {
        let key = EmailAddress::parse(address).expect("an address").key();
        let sql = "SELECT c.bytes FROM message_content c JOIN recipient r ON r.message_id = c.message_id \
                   WHERE r.address_key = $1 ORDER BY c.message_id, c.part";
        let statement = Statement::from_sql_and_values(self.core.db.backend(), sql, [key.into()]);
        let rows = self.core.db.read().query_all_raw(statement).await.expect("messages");
        rows.iter().map(|row| String::from_utf8(row.try_get("", "bytes").expect("octets")).expect("text")).collect()
    }

    /// The token of the link in the newest message to an address.
    pub(crate) async fn token_mailed_to(&self, address: &str) -> String {
        let mails = self.mails_to(address).await;
        let mail = mails.last().expect("a message");
        let place = ["/reset/", "/invite/", "/verify/"].into_iter().find_map(|place| mail.split_once(place));
        let (_, rest) = place.expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }

    /// Actions of the audit trail, newest first, with who did them.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let page = audit::list_all(&self.core, &Actor::System, &Default::default()).await.expect("entries");
        page.items.into_iter().map(|entry| format!("{} {} {}", entry.actor, entry.action, entry.subject)).collect()
    }

    async fn person(&self, email: &str, operator: bool) -> Result<Actor> {
        let email = EmailAddress::parse(email).expect("an address");
        let transaction = self.core.db.begin().await?;
        let id: UserId = users::insert(&self.core, &transaction, &email, "", None, operator).await?;
        transaction.commit().await?;
        Ok(Actor::User { id, email, operator, desk: false, client: Some(CLIENT), password_at: Some(self.core.now()) })
    }
}

/// One of each kind of actor around one project.
pub(crate) struct Cast {
    pub(crate) owner: Actor,
    pub(crate) member: Actor,
    pub(crate) viewer: Actor,
    /// Owner of another project.
    pub(crate) outsider: Actor,
    pub(crate) operator: Actor,
    /// Of the service desk, and no member of any project.
    pub(crate) desk: Actor,
    pub(crate) anonymous: Actor,
    /// Of the project; there is no row behind it.
    pub(crate) service_account: Actor,
    /// Of the outsider's project.
    pub(crate) foreign_service_account: Actor,
    /// Of the project.
    pub(crate) network: Actor,
}

impl Cast {
    /// Those who must be refused what the service desk does. Its work is no secret, so that a stranger to the project is
    /// refused, not sent away.
    pub(crate) fn refused_by_the_desk(&self) -> Vec<(&Actor, &'static str)> {
        let people = [&self.viewer, &self.member, &self.owner, &self.outsider];
        let programs = [&self.service_account, &self.foreign_service_account, &self.network];
        let known = people.into_iter().chain(programs).map(|actor| (actor, "Forbidden"));
        known.chain([(&self.anonymous, "SignedOut")]).collect()
    }

    /// Those who must be refused a use case that needs `access`, with the refusal as a word.
    pub(crate) fn refused(&self, access: crate::Access) -> Vec<(&Actor, &'static str)> {
        use crate::Access;
        let mut all = vec![
            (&self.anonymous, "SignedOut"),
            (&self.outsider, "NotFound"),
            (&self.desk, "NotFound"),
            (&self.foreign_service_account, "NotFound"),
            (&self.service_account, "Forbidden"),
            (&self.network, "Forbidden"),
        ];
        let people = [(&self.viewer, Access::View), (&self.member, Access::Manage), (&self.owner, Access::Administer)];
        all.extend(people.into_iter().filter(|(_, held)| *held < access).map(|(actor, _)| (actor, "Forbidden")));
        all
    }
}

/// The word of an error, for matrices: `Ok`, `NotFound`, `Forbidden`, …
pub(crate) fn word<T>(result: &Result<T>) -> &'static str {
    use crate::Error;
    match result {
        Ok(_) => "Ok",
        Err(Error::NotFound) => "NotFound",
        Err(Error::Forbidden) => "Forbidden",
        Err(Error::SignedOut) => "SignedOut",
        Err(Error::Invalid { field, .. }) => field,
        Err(Error::Conflict { .. }) => "Conflict",
        Err(Error::TooMany { .. }) => "TooMany",
        Err(Error::Unavailable { .. }) => "Unavailable",
        Err(Error::Full { .. }) => "Full",
        Err(Error::Internal { .. }) => "Internal",
    }
}

/// The id of a person.
pub(crate) fn id_of(actor: &Actor) -> UserId {
    actor.user_id().expect("a person")
}

/// A service account labelled `app`, signed in from [`CLIENT`] with its first secret.
pub(crate) async fn signed_in(core: &Core, project_id: ProjectId, project: &Slug, id: ServiceAccountId) -> Actor {
    let detail = service_accounts::get(core, &Actor::System, project, id).await.expect("the account");
    let secret = detail.secrets[0].id;
    Actor::ServiceAccount { id, project_id, label: "app".to_owned(), client: CLIENT, secret }
}

/// A service account of the project, with no row behind it.
pub(crate) fn service_account(project_id: ProjectId) -> Actor {
    Actor::ServiceAccount {
        id: ServiceAccountId::from_uuid(Uuid::now_v7()),
        project_id,
        label: "app".to_owned(),
        client: CLIENT,
        secret: SecretId::from_uuid(Uuid::now_v7()),
    }
}

/// A trusted network of the project, with no row behind it.
pub(crate) fn network(project_id: ProjectId) -> Actor {
    Actor::TrustedNetwork { id: NetworkId::from_uuid(Uuid::now_v7()), project_id, label: "hosts".to_owned() }
}

fn config(folder: &Path, database_url: String) -> CoreConfig {
    CoreConfig {
        database_url,
        public_url: "https://mail.example.org".to_owned(),
        hostname: DomainName::parse("relay.example.org").expect("a name"),
        realm: DomainName::parse("example.org").expect("a name"),
        mail_from: EmailAddress::parse("relaykeep@example.org").expect("an address"),
        secret_key_file: folder.join("key"),
        route: PlatformRoute::Mx,
        message_size: 10 * 1024 * 1024,
        retry_schedule: [60, 300, 1800, 3600].map(Duration::from_secs).to_vec(),
        queue_lifetime: Duration::from_secs(4 * 24 * 3600),
        delay_warning: Duration::from_secs(4 * 3600),
        lease: Duration::from_secs(300),
        hashing_parallelism: 2,
        sandbox_per_hour: 20,
        reverse_dns: Default::default(),
        egress: Default::default(),
        dns_health: Default::default(),
        retention: Default::default(),
        simulator_domain: DomainName::parse("simulator.relay.example.org").expect("a name"),
        suppressions: Default::default(),
        tls: Default::default(),
    }
}

/// The URL of a migrated database of the test's own.
async fn database(folder: &Path) -> String {
    match std::env::var("RELAYKEEP_TEST_POSTGRES") {
        Ok(admin) => postgres_database(&admin).await,
        Err(_) => sqlite_database(folder).await,
    }
}

/// A copy of a file that is migrated once a test run.
async fn sqlite_database(folder: &Path) -> String {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("template.sqlite");
            Core::migrate(&format!("sqlite://{}", file.display())).await.expect("migrated");
            std::fs::read(file).expect("the template")
        })
        .await;
    let file = folder.join("test.sqlite");
    std::fs::write(&file, template).expect("a copy");
    format!("sqlite://{}", file.display())
}

/// A copy of a database that is migrated once a test run.
async fn postgres_database(admin: &str) -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let name = new_postgres_database(admin, "template1").await;
            Core::migrate(&postgres_url(admin, &name)).await.expect("migrated");
            name
        })
        .await;
    let name = new_postgres_database(admin, template).await;
    postgres_url(admin, &name)
}

/// Makes a copy of a database nobody is connected to; returns the name of the copy.
async fn new_postgres_database(admin: &str, template: &str) -> String {
    let name = format!("test_{}", Uuid::now_v7().simple());
    let options = PgConnectOptions::from_str(admin).expect("a PostgreSQL URL");
    let mut connection = options.connect().await.expect("PostgreSQL");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"));
    sqlx::query(create).execute(&mut connection).await.expect("a database");
    connection.close().await.expect("closed");
    name
}

/// The URL of another database of the same server.
fn postgres_url(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}
