package io.sallyport.accesslog.web;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One page, as its templates see it. Of the views one is there, or none where the question cannot be answered.
///
/// @param notice instead of an answer
record PageModel(
        String title,
        Map<String, String> assets,
        Form form,
        List<Tab> tabs,
        Optional<Notice> notice,
        Optional<Overview> overview,
        String facetsLink,
        Optional<RowsPart> rows,
        Optional<LatencyView> latency,
        Optional<CompletenessView> completeness,
        Optional<CompareView> compare,
        List<Hidden> hidden,
        List<String> attributes,
        String home) {

    /// A value of the address that a form has to hand on.
    record Hidden(String name, String value) {}

    /// The question.
    ///
    /// @param filterColumn where in the filter the mistake is, from 1; 0: there is none, or nobody knows
    /// @param filterMark spaces and a `^` under it
    record Form(
            String filter,
            String filterMistake,
            int filterColumn,
            String filterMark,
            List<Choice> spans,
            String from,
            String to,
            boolean isRange,
            String wholeRange,
            String rangeMistake,
            String view,
            boolean isPaused,
            String link) {}

    record Tab(String title, String link, boolean isCurrent, String key) {}

    /// What keeps the answer away.
    ///
    /// @param again asked again after a while
    record Notice(String text, boolean again) {}

    /// Rows with what belongs around them.
    ///
    /// @param tail address of the live rows; empty: none are shown
    /// @param nothing said instead of rows
    record RowsPart(
            RowTable table,
            String tail,
            boolean canTail,
            boolean isLive,
            String tailSwitch,
            Optional<Nothing> nothing) {}

    /// Why there is nothing, and what to do.
    ///
    /// @param command to try; empty: no request has to be made
    record Nothing(String text, String command, List<Tab> ways) {}
}
