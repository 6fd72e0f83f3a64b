//! Tokens: how they are made and kept, how long they work, and who may have them.

use super::*;
use crate::{
    messages, submission,
    test_support::{CLIENT, Test, word},
    tickets, uses,
};
use relay_types::ReversePath;
use std::time::Duration;

const READ: &[ApiScope] = &[ApiScope::DnsRead];

async fn issued(test: &Test, slug: &Slug, expires_at: Option<Timestamp>) -> (ApiTokenId, String) {
    let (id, token) = issue(&test.core, &Actor::System, slug, "monitoring", READ, expires_at).await.expect("issued");
    (id, token.reveal().to_owned())
}

#[tokio::test]
async fn a_token_is_256_bits_and_only_its_digest_is_kept() {
    let test = Test::new().await;
    let (_, slug) = test.project("bio").await;
    let (_, token) = issued(&test, &slug, None).await;
    let rest = token.strip_prefix("rk_").expect("the prefix");
    assert!(rest.len() == 43 && rest.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
    let rows = Entity::find().all(test.core.db.read()).await.expect("rows");
    assert_eq!(rows[0].digest.len(), 32);
    assert!(!format!("{rows:?}").contains(rest) && token.ends_with(&rows[0].hint));
    assert_eq!(test.audited().await[0], "system api_token.issue monitoring");
}

#[tokio::test]
async fn a_token_works_until_it_is_revoked_or_expires() {
    let test = Test::new().await;
    let (project, slug) = test.project("bio").await;
    let (id, token) = issued(&test, &slug, None).await;
    let end = test.core.now().plus(Duration::from_secs(3600));
    let (_, short) = issued(&test, &slug, Some(end)).await;
    let Actor::ApiToken { id: of, project_id, scopes, label, .. } =
        actor(&test.core, &token, Some(CLIENT)).await.expect("an actor")
    else {
        panic!("a token")
    };
    assert_eq!((of, project_id, scopes.as_slice(), label.as_str()), (id, project, READ, "monitoring"));
    assert_eq!(word(&actor(&test.core, &short, None).await), "Ok");
    test.clock.advance(Duration::from_secs(3600));
    assert_eq!(word(&actor(&test.core, &short, None).await), "SignedOut");
    assert!(list(&test.core, &Actor::System, &slug).await.expect("a list").iter().any(|token| token.expired));
    revoke(&test.core, &Actor::System, &slug, id).await.expect("revoked");
    assert_eq!(word(&actor(&test.core, &token, None).await), "SignedOut");
    assert_eq!(test.audited().await[0], "system api_token.revoke monitoring");
}

#[tokio::test]
async fn what_is_no_token_is_nobody() {
    let test = Test::new().await;
    let (_, slug) = test.project("bio").await;
    let (_, token) = issued(&test, &slug, None).await;
    let secret = IssuedSecret::generate().expect("a secret of a service account");
    let long = "rk_".repeat(10_000);
    for other in ["", "rk_", secret.reveal(), &token[..45], &token.to_lowercase(), &format!("{token} "), &long] {
        assert_eq!(word(&actor(&test.core, other, None).await), "SignedOut");
    }
}

#[tokio::test]
async fn a_token_of_a_closed_project_is_nobody() {
    let test = Test::new().await;
    let (_, slug) = test.project("bio").await;
    let (_, token) = issued(&test, &slug, None).await;
    projects::close(&test.core, &Actor::System, &slug, "").await.expect("closed");
    assert_eq!(word(&actor(&test.core, &token, None).await), "SignedOut");
}

#[tokio::test]
async fn what_is_issued_is_judged_first() {
    let test = Test::new().await;
    let (_, slug) = test.project("bio").await;
    let now = test.core.now();
    for (label, scopes, expires_at, field) in
        [(" ", READ, None, "label"), ("a", &[][..], None, "scopes"), ("a", READ, Some(now), "expires_at")]
    {
        assert_eq!(word(&issue(&test.core, &Actor::System, &slug, label, scopes, expires_at).await), field);
    }
    let long_ago = match test.operator("op@example.org").await {
        Actor::User { id, email, operator, desk, client, .. } => {
            Actor::User { id, email, operator, desk, client, password_at: None }
        }
        other => other,
    };
    assert_eq!(word(&issue(&test.core, &long_ago, &slug, "a", READ, None).await), "password");
    for _ in 0..MOST {
        issued(&test, &slug, None).await;
    }
    assert_eq!(word(&issue(&test.core, &Actor::System, &slug, "a", READ, None).await), "Conflict");
}

#[tokio::test]
async fn the_last_use_is_written_behind_the_request() {
    let test = Test::new().await;
    let (_, slug) = test.project("bio").await;
    let (_, token) = issued(&test, &slug, None).await;
    actor(&test.core, &token, None).await.expect("an actor");
    uses::flush(&test.core, true).await;
    let tokens = list(&test.core, &Actor::System, &slug).await.expect("a list");
    assert_eq!(tokens[0].last_used_at, Some(test.core.now()));
}

#[tokio::test]
async fn only_members_manage_tokens_and_tokens_manage_nothing() {
    let test = Test::new().await;
    let (project, slug) = test.project("bio").await;
    let (_, other) = test.project("geo").await;
    let cast = test.cast(project, &slug).await;
    let (id, token) = issued(&test, &slug, None).await;
    let (foreign, _) = issued(&test, &other, None).await;
    let core = &test.core;
    for (actor, expected) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, &slug).await), expected);
    }
    for (actor, expected) in cast.refused(Access::Manage) {
        assert_eq!(word(&issue(core, actor, &slug, "a", READ, None).await), expected);
        assert_eq!(word(&revoke(core, actor, &slug, id).await), expected);
    }
    assert_eq!(word(&revoke(core, &cast.owner, &slug, foreign).await), "NotFound");
    assert_eq!(word(&list(core, &cast.viewer, &slug).await), "Ok");
    assert_eq!(word(&issue(core, &cast.member, &slug, "a", READ, None).await), "Ok");

    let program = actor(core, &token, None).await.expect("an actor");
    assert_eq!(word(&projects::authorize_dns(&program)), "Ok");
    for access in [Access::View, Access::Manage, Access::Administer, Access::Operate] {
        assert_eq!(word(&projects::authorize(core, &program, &slug, access).await), "Forbidden");
        assert_eq!(word(&projects::authorize(core, &program, &other, access).await), "NotFound");
    }
    assert_eq!(word(&list(core, &program, &slug).await), "Forbidden");
    assert_eq!(word(&messages::list(core, &program, &slug, &Default::default()).await), "Forbidden");
    assert_eq!(word(&projects::authorize_operator(&program)), "Forbidden");
    assert_eq!(word(&projects::authorize_desk(&program)), "Forbidden");
    assert_eq!(word(&projects::authorize_system(&program)), "Forbidden");
    assert_eq!(word(&sign_in::recent(core, &program)), "Forbidden");
    assert_eq!(word(&program.user_id()), "Forbidden");
    assert_eq!(word(&tickets::verdict(core, &program, "192.0.2.1", "a.example").await), "Forbidden");
    let submission = submission::Submission {
        arrival: submission::Arrival::Portal,
        reverse_path: ReversePath::Null,
        recipients: Vec::new(),
        terms: Default::default(),
        smtputf8: false,
        content: b"From: a@d.example\r\n\r\n".to_vec().into(),
    };
    assert_eq!(word(&submission::accept(core, &program, submission).await), "Forbidden");
}

#[test]
fn a_token_reads_dns_only_with_the_scope() {
    let token = |scopes: &[ApiScope]| Actor::ApiToken {
        id: ApiTokenId::from_uuid(uuid::Uuid::nil()),
        project_id: ProjectId::from_uuid(uuid::Uuid::nil()),
        scopes: scopes.to_vec(),
        label: String::new(),
        client: None,
    };
    assert_eq!(word(&projects::authorize_dns(&token(READ))), "Ok");
    assert_eq!(word(&projects::authorize_dns(&token(&[]))), "Forbidden");
    let client = None;
    assert_eq!(word(&projects::authorize_dns(&Actor::Anonymous { client })), "SignedOut");
    let account = crate::test_support::service_account(ProjectId::from_uuid(uuid::Uuid::nil()));
    assert_eq!(word(&projects::authorize_dns(&account)), "Forbidden");
    assert_eq!(scopes("dns:read mail:send"), READ);
}
