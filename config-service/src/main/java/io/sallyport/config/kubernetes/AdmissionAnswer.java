package io.sallyport.config.kubernetes;

/// What is behind one path of the webhook's door: a review in, a review out.
interface AdmissionAnswer {

    /// What came is no review.
    final class MalformedException extends Exception {

        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    String answer(byte[] body) throws MalformedException;
}
