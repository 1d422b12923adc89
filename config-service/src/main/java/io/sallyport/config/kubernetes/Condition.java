package io.sallyport.config.kubernetes;

/// One statement of an object's status: `Accepted`, `False`, because of `SP1001`, in words.
record Condition(String type, boolean isTrue, String reason, String message) {

    private static final int LONGEST = 1_024;

    Condition {
        message = message.length() > LONGEST ? message.substring(0, LONGEST - 1) + "…" : message;
    }

    String status() {
        return isTrue ? "True" : "False";
    }
}
