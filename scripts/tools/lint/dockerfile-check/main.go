// Command dockerfile-check runs BuildKit's own checks of a Dockerfile, as `docker build --check` does, without a daemon
// and without a registry. Exit code 1 when there is a finding, 2 when the file cannot be built.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

const buildkit = "github.com/moby/buildkit"

var platform = ocispecs.Platform{OS: "linux", Architecture: "amd64"}

// noRegistry says of every base image that it is an empty one.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{Platform: platform})
	return ref, digest.FromBytes(config), config, err
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerfile-check --version | FILE")
		os.Exit(2)
	}
	if os.Args[1] == "--version" {
		fmt.Println("BuildKit", version())
		return
	}
	os.Exit(check(os.Args[1]))
}

func check(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	found, err := findings(file, text)
	if err != nil {
		return fail(err)
	}
	for _, warning := range found.Warnings {
		fmt.Printf("%s:%d %s: %s\n", file, lineOf(warning), warning.RuleName, warning.Detail)
	}
	if found.Error != nil {
		return fail(fmt.Errorf("%s: %s", file, found.Error.Message))
	}
	if len(found.Warnings) > 0 {
		return 1
	}
	return 0
}

func findings(file string, text []byte) (*lint.LintResults, error) {
	local := llb.Local("context")
	source := llb.NewSourceMap(nil, file, "Dockerfile", text)
	// The linter reads it without asking whether it is there.
	source.Definition = &llb.Definition{}
	return dockerfile2llb.DockerfileLint(context.Background(), text, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{LinterConfig: &linter.Config{ExperimentalAll: true}},
		MainContext:    &local,
		SourceMap:      source,
		MetaResolver:   noRegistry{},
		TargetPlatform: &platform,
	})
}

func lineOf(warning lint.Warning) int32 {
	if ranges := warning.Location.GetRanges(); len(ranges) > 0 {
		return ranges[0].GetStart().GetLine()
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "dockerfile-check:", err)
	return 2
}

// version of the module that the checks come from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == buildkit {
				return module.Version
			}
		}
	}
	return "unknown"
}
