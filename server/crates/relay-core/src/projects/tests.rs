//! Projects: who may do what, and what is stored.

use super::*;
use crate::{
    Access,
    config::PlatformRoute,
    test_support::{Test, word},
};
use relay_types::{
    EmailAddress,
    limit::Limits,
    route::{Route, RouteChange, RouteKind, Smarthost, SmarthostTls},
};

#[tokio::test]
async fn authorize_refuses_by_the_matrix() {
    let test = Test::new().await;
    let (id, slug) = test.project("acme").await;
    let cast = test.cast(id, &slug).await;
    for access in [Access::View, Access::Manage, Access::Administer, Access::Operate] {
        for (actor, expected) in cast.refused(access) {
            assert_eq!(word(&authorize(&test.core, actor, &slug, access).await), expected, "{actor:?} {access:?}");
        }
        assert_eq!(authorize(&test.core, &cast.operator, &slug, access).await.expect("operator"), id);
        assert_eq!(authorize(&test.core, &Actor::System, &slug, access).await.expect("system"), id);
    }
    for (actor, access) in
        [(&cast.viewer, Access::View), (&cast.member, Access::Manage), (&cast.owner, Access::Administer)]
    {
        assert_eq!(authorize(&test.core, actor, &slug, access).await.expect("a member"), id);
    }
    let nowhere = Slug::parse("nowhere").expect("a slug");
    assert_eq!(word(&authorize(&test.core, &cast.operator, &nowhere, Access::View).await), "NotFound");
    assert_eq!(word(&authorize(&test.core, &cast.anonymous, &nowhere, Access::View).await), "SignedOut");
}
