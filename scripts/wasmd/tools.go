//go:build tools

// Package tools names the programs that scripts/localnet builds, so that go.mod and go.sum pin them.
package tools

import (
	_ "github.com/CosmWasm/wasmd/cmd/wasmd"
	_ "github.com/bytedance/sonic"
)
