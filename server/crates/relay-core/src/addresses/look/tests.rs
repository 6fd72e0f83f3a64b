//! Looks that nobody asked for.

use super::*;
use crate::test_support::{
    names::{DEFAULT, NAME, Names},
    word,
};

#[tokio::test]
async fn an_address_is_looked_at_when_it_comes_and_when_its_name_was_written() {
    let names = Names::new().await;
    let core = &names.test.core;
    let look = async || look_at_new(core, &Actor::System).await.expect("looks");
    assert_eq!(names.listed().await.found, None);
    assert_eq!((look().await, look().await), (1, 0));
    assert_eq!(names.listed().await.found, Some(vec![DEFAULT.to_owned()]));
    assert_eq!(names.listed().await.fcrdns, Some(Fcrdns::Fail));
    names.named().await;
    assert_eq!((look().await, look().await), (1, 0));
    let listed = names.listed().await;
    assert_eq!((listed.found, listed.fcrdns), (Some(vec![NAME.to_owned()]), Some(Fcrdns::Pass)));
    assert_eq!(word(&look_at_new(core, &names.cast.operator).await), "Forbidden");
}
