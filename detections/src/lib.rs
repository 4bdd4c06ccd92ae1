//! Sigma rules and correlations.
