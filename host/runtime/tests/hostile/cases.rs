//! What a plugin or a server can do on purpose, case by case, and the test that holds each. `docs/promises.toml` has the
//! same cases as promises, and tests/e2e/tests/promises.rs holds the two lists against each other. Each case holds the
//! words that come of it, the bound it ended in, counted and not timed, and that others go on being served. Limits have
//! twins in `twins`, the same deed under wider limits; checks have planted faults in docs/faults/hostile.toml, limits in
//! docs/faults/plugin-limits.toml. What wasmtime itself holds (addresses, texts, handles) has neither: taking that away
//! would do harm.
//!
//! | case | test |
//! | --- | --- |
//! | `hostile_loop_describing` | `describing::a_loop_ends_after_its_ticks_wherever_it_stands_before_the_work` |
//! | `hostile_loop_mapping` | `every_export::a_loop_ends_after_its_ticks_in_every_export` |
//! | `hostile_loop_connector` | `every_connector_export::a_loop_ends_after_its_ticks_in_every_export` |
//! | `hostile_loop_after_mapping` | `every_export::a_loop_after_the_answer_ends_after_its_ticks_in_every_export` |
//! | `hostile_loop_after_connector` | `every_connector_export::a_loop_around_the_work_ends_after_its_ticks_in_every_export` |
//! | `hostile_loop_realloc` | `every_export::a_loop_in_what_gives_room_or_over_a_bulk_instruction_ends_in_every_export` |
//! | `hostile_loop_bulk` | `every_export::a_loop_in_what_gives_room_or_over_a_bulk_instruction_ends_in_every_export` |
//! | `hostile_loop_log_mapping` | `every_export::a_loop_over_the_log_ends_after_its_calls_in_every_export` |
//! | `hostile_loop_log_connector` | `every_connector_export::a_loop_over_the_log_ends_after_its_calls_in_every_export` |
//! | `hostile_loop_host_describing` | `describing::a_loop_over_the_host_ends_after_its_calls` |
//! | `hostile_loop_requests` | `every_connector_export::a_loop_over_requests_that_fail_at_once_ends_after_its_calls_in_every_export` |
//! | `hostile_memory_mapping` | `every_export::a_memory_bomb_gets_no_more_than_its_memory_in_every_export` |
//! | `hostile_memory_connector` | `every_connector_export::a_memory_bomb_gets_no_more_than_its_memory_in_every_export` |
//! | `hostile_growth_describing` | `describing::a_plugin_grows_no_further_than_its_limits_before_the_work` |
//! | `hostile_instances` | `components::a_plugin_of_too_many_parts_is_not_instantiated` |
//! | `hostile_recursion_mapping` | `every_export::deep_recursion_ends_at_the_stack_in_every_export` |
//! | `hostile_recursion_connector` | `every_connector_export::deep_recursion_ends_at_the_stack_in_every_export` |
//! | `hostile_abort_mapping` | `every_export::an_abort_is_an_error_in_every_export` |
//! | `hostile_abort_connector` | `every_connector_export::an_abort_is_an_error_in_every_export` |
//! | `hostile_traps` | `describing::every_trap_is_told` |
//! | `hostile_next_call` | `every_export::the_call_after_a_failed_one_has_an_instance_of_its_own` |
//! | `hostile_huge_mapping` | `every_export::an_answer_of_40_mib_does_not_cross_from_any_export` |
//! | `hostile_huge_connector` | `every_connector_export::an_answer_of_40_mib_does_not_cross_from_any_export` |
//! | `hostile_huge_description` | `describing::a_description_that_is_too_large_does_not_cross` |
//! | `hostile_lists_mapping` | `every_export::an_answer_of_too_many_parts_is_refused_from_every_export` |
//! | `hostile_lists_connector` | `every_connector_export::lists_of_too_many_parts_are_refused_from_every_export` |
//! | `hostile_count_convert` | `mappings::a_wrong_count_is_an_answer_to_nothing` |
//! | `hostile_count_to_source` | `every_export::edits_brought_back_are_counted_and_looked_at` |
//! | `hostile_count_connector` | `every_connector_export::a_wrong_count_is_an_answer_to_nothing` |
//! | `hostile_fields` | `mappings::what_breaks_a_limit_is_refused_alone` |
//! | `hostile_pointers` | `boundary::what_does_not_stand_in_memory_as_it_should_is_no_description` |
//! | `hostile_room` | `boundary::room_that_is_not_there_is_no_room` |
//! | `hostile_answers` | `boundary::an_answer_that_is_none_is_isolated_like_any_other_failure` |
//! | `hostile_handles_forged` | `host/runtime/src/handles_tests::forged_dropped_and_exchanged_handles_trap` |
//! | `hostile_handles_leaked` | `host/runtime/src/host::handles_are_counted` |
//! | `hostile_control_names` | `every_connector_export::control_characters_in_names_do_not_get_through` |
//! | `hostile_control_description` | `describing::a_name_with_control_characters_is_none_and_is_shown_without_them` |
//! | `hostile_control_logs` | `host/runtime/src/log::lines_are_cut_cleaned_and_counted` |
//! | `hostile_bomb_variables` | `bombs::a_bomb_of_variables_ends_with_the_compilers_time` |
//! | `hostile_bomb_branches` | `bombs::a_bomb_of_branches_ends_with_the_compilers_time` |
//! | `hostile_bomb_too_many` | `bombs::more_variables_than_there_may_be_are_refused` |
//! | `hostile_bomb_nested` | `bombs::components_nested_without_end_are_refused` |
//! | `hostile_bomb_section` | `bombs::a_section_of_many_bytes_counts_as_size` |
//! | `hostile_imports` | `components::foreign_imports_are_refused_by_name` |
//! | `hostile_malformed` | `components::what_is_no_plugin_is_refused` |
//! | `hostile_form` | `components::an_interface_of_another_form_is_refused` |
//! | `hostile_cache` | `components::a_compiled_plugin_is_kept_and_made_anew_where_it_is_spoilt` |
//! | `hostile_cache_planted` | `host/runtime/src/cache::the_folder_becomes_its_users_alone_and_links_are_refused` |
//! | `hostile_origin` | `host/gate/tests/gate/main::other_places_are_denied_before_anything_is_sent` |
//! | `hostile_address` | `host/gate/src/address::every_spelling_of_an_address_is_seen_through` |
//! | `hostile_rebinding` | `host/gate/tests/gate/hostile::a_name_that_leads_elsewhere_the_second_time_is_checked_the_second_time` |
//! | `hostile_redirect` | `host/gate/tests/gate/main::redirects_are_handed_over_and_cookies_are_not_kept` |
//! | `hostile_smuggling` | `host/gate/tests/gate/hostile::headers_that_smuggle_are_denied_unsent` |
//! | `hostile_bad_answers` | `host/gate/tests/gate/hostile_servers::after_each_hostile_answer_the_next_request_is_served` |
//! | `hostile_hoarding` | `host/gate/tests/gate/hostile_servers::who_hoards_connections_holds_those_of_one_integration_and_no_more` |
//! | `hostile_credential` | `host/gate/tests/gate/hostile::a_credential_goes_to_its_own_place_and_to_no_other` |
//! | `hostile_echo` | `host/gate/tests/gate/main::echoed_secrets_are_blotted_out_everywhere` |
//! | `hostile_secrets` | `host/gate/tests/gate/hostile::one_integration_has_neither_the_secrets_nor_the_connections_of_another` |
