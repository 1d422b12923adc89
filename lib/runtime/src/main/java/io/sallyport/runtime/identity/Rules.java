package io.sallyport.runtime.identity;

import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Who may do what outside Kubernetes, as the settings list it. What no rule allows is not allowed; there is no
/// rule that forbids.
///
/// ```yaml
/// authorization:
///   rules:
///   - {groups: [platform], may: [read, write, logs, secrets], namespaces: ["*"]}
///   - {users: [ada], workloads: [shop/deployer], may: [read, write, logs], namespaces: [shop, shop-test]}
/// ```
public record Rules(List<Rule> rules) implements Authorizer {

    /// Stands for all namespaces, or for everything that may be done.
    private static final String ALL = "*";

    private static final ImmutableSet<String> WORDS = ImmutableSet.of("read", "write", "logs", "secrets", ALL);

    public Rules {
        rules = List.copyOf(rules);
    }

    /// One rule: whoever is named in any of the three lists.
    public record Rule(
            @Nullable List<String> users,
            @Nullable List<String> groups,
            @Nullable List<String> workloads,
            List<String> may,
            List<String> namespaces) {

        public Rule {
            users = users == null ? List.of() : List.copyOf(users);
            groups = groups == null ? List.of() : List.copyOf(groups);
            workloads = workloads == null ? List.of() : List.copyOf(workloads);
            if (users.isEmpty() && groups.isEmpty() && workloads.isEmpty()) {
                throw new IllegalArgumentException("a rule for nobody (expected: users, groups or workloads)");
            }
            for (var workload : workloads) {
                if (workload.chars().filter(c -> c == '/').count() != 1) {
                    throw new IllegalArgumentException(
                            "workloads \"" + workload + "\" (expected: NAMESPACE/SERVICEACCOUNT)");
                }
            }
            if (may == null || may.isEmpty()) {
                throw new IllegalArgumentException("may is missing (expected: some of " + WORDS + ")");
            }
            for (var word : may) {
                if (!WORDS.contains(word)) {
                    throw new IllegalArgumentException("may \"" + word + "\" (expected: one of " + WORDS + ")");
                }
            }
            if (namespaces == null || namespaces.isEmpty()) {
                throw new IllegalArgumentException("namespaces is missing (expected: names, or \"*\")");
            }
            may = List.copyOf(may);
            namespaces = List.copyOf(namespaces);
        }

        private boolean isFor(Identity who) {
            return switch (who) {
                case Identity.User user ->
                    listed(users, user.name()) || user.groups().stream().anyMatch(group -> listed(groups, group));
                case Identity.Workload workload ->
                    listed(workloads, workload.namespace() + "/" + workload.serviceAccount());
                case Identity.Service _, Identity.Local _ -> false;
            };
        }

        private boolean allows(Access what) {
            return may.contains(ALL) || may.contains(word(what));
        }

        private boolean covers(String namespace) {
            return namespaces.contains(ALL) || (!namespace.isEmpty() && namespaces.contains(namespace));
        }
    }

    private static boolean listed(@Nullable List<String> names, String name) {
        return names != null && names.contains(name);
    }

    private static String word(Access what) {
        if (what.group().isEmpty() && what.resource().equals("secrets")) {
            return "secrets";
        }
        if (what.group().equals(Access.OWN_GROUP) && what.resource().equals(AccessTable.ACCESS_LOGS)) {
            return "logs";
        }
        return what.verb().reads() ? "read" : "write";
    }

    @Override
    public boolean may(Identity who, Access what) {
        return rules.stream().anyMatch(rule -> rule.isFor(who) && rule.allows(what) && rule.covers(what.namespace()));
    }

    @Override
    public Optional<SortedSet<String>> namespaces(Identity who, Access what) {
        var names = new TreeSet<String>();
        for (var rule : rules) {
            if (rule.isFor(who) && rule.allows(what)) {
                if (rule.namespaces().contains(ALL)) {
                    return Optional.empty();
                }
                names.addAll(rule.namespaces());
            }
        }
        return Optional.of(names);
    }
}
