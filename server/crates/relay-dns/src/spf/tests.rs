//! RFC 7208 §4 to §8 as tables: a zone, a question, the result and why.
//!
//! | section | test |
//! | --- | --- |
//! | §2.3, §2.4, §4.1 to §4.3 | `evaluation::the_question_is_completed` |
//! | §3.3 | `behaviour::strings_of_a_record_are_joined_without_a_space` |
//! | §4.4, §4.5 | `evaluation::the_record_of_a_domain_is_found_or_is_not`, `syntax::a_record_begins_with_its_version_…` |
//! | §4.6, §12 | `syntax::what_the_grammar_has_is_read`, `syntax::what_is_wrong_…`, `syntax::every_wrong_term_is_told` |
//! | §4.6.1 | `evaluation::qualifiers_…`, `syntax::an_error_anywhere_…` |
//! | §4.6.2 | `evaluation::the_first_match_decides_…`, `behaviour::modifiers_stand_anywhere` |
//! | §4.6.4 | `limits`, `behaviour::names_of_an_address_beyond_the_tenth_are_no_macro` |
//! | §4.7 | `behaviour::what_nothing_matches_is_neutral` |
//! | §4.8 | `macros::a_name_that_is_too_long_…`, `behaviour::a_name_that_is_too_long_…` |
//! | §5, §5.6 | `evaluation::networks_match_by_their_first_bits_and_family` |
//! | §5.1 | `behaviour::nothing_behind_all_counts` |
//! | §5.2 | `evaluation::include_is_judged_by_its_table`, `evaluation::the_tree_of_includes_…` |
//! | §5.3 | `evaluation::addresses_of_hosts_match` |
//! | §5.4 | `evaluation::mail_exchangers_match_and_are_never_implied` |
//! | §5.5 | `evaluation::names_of_the_address_match_when_they_lead_back` |
//! | §5.7 | `evaluation::exists_asks_for_an_ipv4_address_whatever_sends` |
//! | §6 | `evaluation::unknown_modifiers_are_passed_over`, `syntax::what_is_wrong_…` (one twice) |
//! | §6.1 | `evaluation::redirect_counts_…`, `limits::includes_of_includes_…` |
//! | §6.2 | `macros::an_explanation_is_given_for_fail_alone`, `behaviour::strings_of_a_record_…` |
//! | §7.1 to §7.3 | `macros`, `syntax` |
//! | §7.4 | `behaviour::the_examples_of_macros` |
//! | §8 | `behaviour::each_result_has_its_reason` |
//! | §A | `behaviour::the_examples_of_the_appendix_…` |

mod behaviour;
mod evaluation;
mod limits;
mod macros;
mod syntax;

use super::*;
use crate::test_zone::judged;
use relay_types::spf::SpfResult;

/// The question most tests ask: 192.0.2.10 sends as anna@d.example and says mail.d.example.
pub fn question(ip: &str) -> Question {
    Question {
        ip: ip.parse().unwrap(),
        domain: "d.example".to_owned(),
        sender: "anna@d.example".to_owned(),
        helo: "mail.d.example".to_owned(),
    }
}

pub fn evaluated(zone: &str, question: &Question) -> SpfEvaluation {
    judged(zone, |facts| evaluate(facts, question))
}

/// The result for an address, and words that stand in the reason.
pub fn check(zone: &str, ip: &str, result: SpfResult, because: &str) -> SpfEvaluation {
    let found = evaluated(zone, &question(ip));
    assert_eq!(found.result, result, "{zone}\n{found:#?}");
    assert!(found.because.contains(because), "{zone}\n{because:?} in {:?}", found.because);
    found
}
