// The real kube-apiserver and kube-controller-manager in one program, built from their Go module: nothing is added, nothing
// is taken away. The first argument says which. One program links once and shares most of its code.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes apiserver|controller-manager FLAGS")
		os.Exit(2)
	}
	command := map[string]func() int{
		"apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
		"controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	}[os.Args[1]]
	if command == nil {
		fmt.Fprintf(os.Stderr, "kubernetes: no such program: %s\n", os.Args[1])
		os.Exit(2)
	}
	os.Args = append(os.Args[:1], os.Args[2:]...)
	os.Exit(command())
}
