// Labels as they stand in an exposition.
#pragma once

#include <string>

#include "metrics/series.h"

namespace rtt::metrics {

/// `target="db",peer="10.0.0.5",site="fra"`, values escaped as the text format 0.0.4 demands.
[[nodiscard]] std::string peer_label_text(const PeerLabels& peer);
/// The same with the method.
[[nodiscard]] std::string series_label_text(const PeerLabels& peer, const std::string& method);

}  // namespace rtt::metrics
