//! MQTT in and out: envelopes are opened, checked, stored, acknowledged, handed on.
