// Labels as they stand in an exposition.
#pragma once

#include <string>
#include <string_view>

#include "metrics/series.h"

namespace rtt::metrics {

/// Appends `name="value"`, after a comma unless it is the first. The value is escaped as the text format
/// 0.0.4 demands.
void append_label(std::string& out, std::string_view name, std::string_view value);
/// `target="db",peer="10.0.0.5",site="fra"`
[[nodiscard]] std::string peer_label_text(const PeerLabels& peer);
/// The same with the method.
[[nodiscard]] std::string series_label_text(const PeerLabels& peer, const std::string& method);
/// The names and values of a text that append_label() made, unescaped.
[[nodiscard]] Labels parse_label_text(std::string_view text);

}  // namespace rtt::metrics
