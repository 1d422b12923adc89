package io.sallyport.standalone.telemetry;

import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A page of metrics as a scraper reads it.
final class Scrape {

    private static final Pattern SAMPLE = Pattern.compile("([a-z_0-9]+)(\\{(.*)})? [^ ]+");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /// One metric: its type, what it says, and the names of its labels.
    record Family(String type, String help, SortedSet<String> labels) {}

    private final Map<String, Family> families = new TreeMap<>();
    private final SortedSet<String> series = new TreeSet<>();

    Scrape(String page) {
        var help = "";
        var current = new Family("", "", new TreeSet<>());
        for (var line : page.lines().toList()) {
            var words = line.split(" ", 4);
            if (line.startsWith("# HELP ")) {
                help = words.length > 3 ? words[3] : "";
            } else if (line.startsWith("# TYPE ")) {
                current = new Family(words[3], help, new TreeSet<>());
                families.put(words[2], current);
                help = "";
            } else {
                sample(line, current);
            }
        }
    }

    private void sample(String line, Family family) {
        Matcher sample = SAMPLE.matcher(line);
        if (!sample.matches()) {
            throw new AssertionError("no sample: " + line);
        }
        // Those of the JVM come and go with its collections.
        if (line.startsWith("sallyport_")) {
            series.add(line.substring(0, line.lastIndexOf(' ')));
        }
        var labels = sample.group(3);
        if (labels != null) {
            var label = LABEL.matcher(labels);
            while (label.find()) {
                // Of every histogram, by its format.
                if (!label.group(1).equals("le")) {
                    family.labels().add(label.group(1));
                }
            }
        }
    }

    Map<String, Family> families() {
        return families;
    }

    /// Names of ours with labels, values aside.
    SortedSet<String> series() {
        return series;
    }
}
