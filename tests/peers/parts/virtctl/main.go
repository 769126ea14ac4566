// KubeVirt's own virtctl, built from its Go module: nothing is added, nothing is taken away.
package main

import (
	"os"

	"kubevirt.io/kubevirt/pkg/virtctl"
)

func main() {
	os.Exit(virtctl.Execute())
}
